package ringfence.it.style;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The documents name only classes, paths and options that exist. */
class DocumentsTest {
    private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:\\s]+)(#[^)]*)?\\)");
    private static final Pattern CLASS =
            Pattern.compile("([A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+)(?:\\.\\w+)?(?:\\(\\))?");
    private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]+");
    private static final Pattern PATH = Pattern.compile(
            "(?:docs|packaging|protocol|vmm|vhost-user-blk|vhost-user-net|vhost-user-fs|integration-tests"
                    + "|\\.ci)/[\\w./*-]+");

    private final List<Path> documents = Project.documents();

    @Test
    void namesOnlyClassesThatExist() {
        Set<String> classes = Stream.of("main", "test")
                .flatMap(kind -> Project.sources(kind).stream())
                .map(file -> file.getFileName().toString().replace(".java", ""))
                .collect(Collectors.toCollection(HashSet::new));
        Project.below(Project.ROOT.resolve("packaging"), ".java")
                .forEach(file -> classes.add(file.getFileName().toString().replace(".java", "")));
        classes.addAll(Project.list("foreign-names.txt"));
        Set<String> dead = new TreeSet<>();
        each((document, code) -> {
            Matcher name = CLASS.matcher(code);
            if (name.matches() && !classes.contains(name.group(1))) {
                dead.add(document + ": " + code);
            }
        });
        assertThat(dead).as("classes that do not exist").isEmpty();
    }

    @Test
    void namesOnlyPathsThatExist() {
        Set<String> dead = new TreeSet<>();
        each((document, code) -> {
            Matcher path = PATH.matcher(code.split(" ", -1)[0]);
            if (path.matches()
                    && !code.contains("*")
                    && !code.endsWith("NAME")
                    && !code.contains("/target/")
                    && !Files.exists(Project.ROOT.resolve(path.group()))) {
                dead.add(document + ": " + code);
            }
        });
        for (Path document : documents) {
            Matcher link = LINK.matcher(Project.read(document));
            while (link.find()) {
                if (!Files.exists(document.resolveSibling(link.group(1)))) {
                    dead.add(Project.name(document) + ": " + link.group(1));
                }
            }
        }
        assertThat(dead).as("paths that do not exist").isEmpty();
    }

    @Test
    void namesOnlyOptionsThatExist() {
        String known = Stream.of("main", "test")
                        .flatMap(kind -> Project.sources(kind).stream())
                        .map(Project::read)
                        .collect(Collectors.joining())
                + scripts()
                + String.join(" ", Project.list("foreign-names.txt"));
        Set<String> dead = new TreeSet<>();
        each((document, code) -> {
            Matcher option = OPTION.matcher(code);
            while (option.find()) {
                String name = option.group();
                if (!known.contains(name) && !known.contains('"' + name.substring(2) + '"')) {
                    dead.add(document + ": " + name);
                }
            }
        });
        assertThat(dead).as("options that do not exist").isEmpty();
    }

    private static String scripts() {
        return Project.below(Project.ROOT.resolve("packaging"), "").stream()
                .filter(file -> Files.isRegularFile(file) && !file.toString().contains("/target/"))
                .filter(file ->
                        !file.toString().endsWith(".md") && !file.toString().endsWith(".svg"))
                .map(Project::read)
                .collect(Collectors.joining());
    }

    private interface Look {
        void at(String document, String code);
    }

    private void each(Look look) {
        assertThat(documents).hasSizeGreaterThan(10);
        for (Path document : documents) {
            Matcher code = CODE.matcher(Project.read(document).replaceAll("(?s)```.*?```", ""));
            while (code.find()) {
                look.at(Project.name(document), code.group(1));
            }
        }
    }
}
