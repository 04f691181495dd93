package ringfence.it.style;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import ringfence.it.lab.Checkout;

/** Where the checkout's files lie. */
final class Project {
    static final Path ROOT = Checkout.find().root();
    static final List<String> MODULES = List.of(
            "protocol", "vmm", "vmm/journal", "vhost-user-blk", "vhost-user-net", "vhost-user-fs", "integration-tests");

    private Project() {}

    /** Java sources of all modules below {@code src/KIND/java}; KIND is main or test. */
    static List<Path> sources(String kind) {
        List<Path> found = new ArrayList<>();
        for (String module : MODULES) {
            found.addAll(below(ROOT.resolve(module).resolve("src").resolve(kind), ".java"));
        }
        return found;
    }

    /** Compiled main classes of all modules. */
    static List<Path> classes() {
        List<Path> found = new ArrayList<>();
        for (String module : MODULES) {
            found.addAll(below(ROOT.resolve(module).resolve("target/classes"), ".class"));
        }
        return found;
    }

    /** The documents: all Markdown files of the checkout. */
    static List<Path> documents() {
        List<Path> found = new ArrayList<>(below(ROOT.resolve("docs"), ".md"));
        try (Stream<Path> top = Files.list(ROOT)) {
            top.filter(file -> file.toString().endsWith(".md")).forEach(found::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (String module : MODULES) {
            found.add(ROOT.resolve(module).resolve("README.md"));
        }
        found.add(ROOT.resolve("packaging/README.md"));
        return found;
    }

    static List<Path> below(Path folder, String suffix) {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String name(Path file) {
        return ROOT.relativize(file).toString();
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The lines of a resource of this package that are neither empty nor comments. */
    static List<String> list(String resource) {
        Path file = ROOT.resolve("integration-tests/src/test/resources/style").resolve(resource);
        return read(file)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }
}
