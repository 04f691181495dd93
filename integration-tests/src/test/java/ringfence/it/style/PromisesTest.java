package ringfence.it.style;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** {@code docs/promises.md}: each promise names the tests that keep it. */
class PromisesTest {
    private static final Pattern TEST = Pattern.compile("`(\\w+Test)(?:\\.(\\w+))?`");

    @Test
    void everyPromiseNamesATestThatExists() {
        Map<String, Path> tests = Project.sources("test").stream()
                .collect(Collectors.toMap(
                        file -> file.getFileName().toString().replace(".java", ""), Function.identity(), (a, b) -> a));
        List<String> broken = new ArrayList<>();
        int promises = 0;
        for (String line :
                Project.read(Project.ROOT.resolve("docs/promises.md")).lines().toList()) {
            if (!line.startsWith("| ") || line.startsWith("| Promise") || line.startsWith("| ---")) {
                continue;
            }
            promises++;
            Matcher test = TEST.matcher(line);
            int named = 0;
            while (test.find()) {
                named++;
                Path file = tests.get(test.group(1));
                if (file == null
                        || test.group(2) != null && !Project.read(file).contains("void " + test.group(2) + "(")) {
                    broken.add(test.group());
                }
            }
            if (named == 0) {
                broken.add("no test: " + line);
            }
        }
        assertThat(broken).isEmpty();
        assertThat(promises).isGreaterThan(10);
    }

    @Test
    void everyOpenEndNamesItsIssue() {
        List<String> loose = new ArrayList<>();
        Pattern open = Pattern.compile("\\b(TODO|FIXME|XXX)\\b(?! \\(#\\d+\\))");
        for (String kind : List.of("main", "test")) {
            for (Path file : Project.sources(kind)) {
                if (!Project.name(file).contains("/style/")
                        && open.matcher(Project.read(file)).find()) {
                    loose.add(Project.name(file));
                }
            }
        }
        assertThat(loose).as("open ends without an issue").isEmpty();
    }
}
