package ringfence.it.style;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** {@code docs/reliability.md} has a line for each item of {@code packaging/soak}, and the date of the run that is kept. */
class ReliabilityTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z-]+)` \\|.* \\| ([^|]+) \\|$");
    private static final Pattern TEST = Pattern.compile("`(\\w+Test)`");
    private static final Pattern RUN = Pattern.compile(
            "\"item\": \"([a-z-]+)\", \"state\": \"(\\w+)\", \"date\": \"([0-9-]{10})T[^\"]*\", \"commit\":"
                    + " \"(\\w{7})");
    private static final Pattern ITEM = Pattern.compile("(?m)^ {8}([a-z-]+)\\) echo (\\S+) '?(\\w+Test)");
    private static final Pattern COUNT = Pattern.compile("(?m)^ {8}([a-z-]+)\\) echo .* (-D\\S+) ;;$");
    private static final Pattern KEPT_COUNT = Pattern.compile("\"item\": \"([a-z-]+)\".*\"property\": \"([^\"]*)\"");

    private static String text(String name) {
        return Project.read(Project.ROOT.resolve(name));
    }

    @Test
    void everyItemHasItsLineAndEachLineAnItem() {
        List<String> items = ITEM.matcher(text("packaging/soak"))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(ROW.matcher(text("docs/reliability.md")).results().map(row -> row.group(1)))
                .containsExactlyElementsOf(items)
                .hasSizeGreaterThan(10);
    }

    @Test
    void eachLineHasTheRunThatIsKept() {
        Map<String, String> runs = new LinkedHashMap<>();
        for (MatchResult run : RUN.matcher(text("docs/soak.json")).results().toList()) {
            runs.put(run.group(1), run.group(2) + ", " + run.group(3) + ", " + run.group(4));
        }
        Map<String, String> told = ROW.matcher(text("docs/reliability.md"))
                .results()
                .collect(Collectors.toMap(row -> row.group(1), row -> row.group(2)));
        told.forEach((item, last) -> assertThat(last).as(item).isEqualTo(runs.getOrDefault(item, "not yet in full")));
        assertThat(told).containsKeys(runs.keySet().toArray(String[]::new));
    }

    /** Of a smaller count than what is asked for now, it would not be in full. */
    @Test
    void eachRunThatIsKeptIsOfTheCountsOfToday() {
        Map<String, String> counts = COUNT.matcher(text("packaging/soak"))
                .results()
                .collect(Collectors.toMap(item -> item.group(1), item -> item.group(2)));
        assertThat(KEPT_COUNT.matcher(text("docs/soak.json")).results())
                .isNotEmpty()
                .allSatisfy(run -> assertThat(run.group(2)).as(run.group(1)).isEqualTo(counts.get(run.group(1))));
    }

    @Test
    void eachLineNamesTestsThatExist() {
        List<String> tests = Project.sources("test").stream()
                .map(Path::getFileName)
                .map(name -> name.toString().replace(".java", ""))
                .toList();
        Matcher named = TEST.matcher(text("docs/reliability.md"));
        assertThat(named.results().map(test -> test.group(1))).isNotEmpty().isSubsetOf(tests);
    }
}
