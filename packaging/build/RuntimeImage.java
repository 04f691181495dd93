import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.spi.ToolProvider;

/**
 * The jlinked runtime: the JDK modules that are needed, our own, and the libraries.
 *
 * <p>Our modules are inside the image and not on a module path beside it because an AOT cache binds a module path to the
 * place where it was trained (JDK 25 refuses it elsewhere), while an image may be copied anywhere.
 */
final class RuntimeImage {
    private final Path descriptors;
    private final Path jars;
    private final Path work;
    private final Path image;
    private final FileTime time;

    /** @param time that its modules bear, by which a cache knows them: before a package's own, which younger files get */
    RuntimeImage(Path descriptors, Path jars, Path work, Path image, Instant time) {
        this.descriptors = descriptors;
        this.jars = jars;
        this.work = work;
        this.image = image;
        this.time = FileTime.from(time);
    }

    /** Links the image that holds these modules and what they require, unless it is there already. */
    void build(Set<String> roots) throws IOException, InterruptedException {
        StringBuilder inputs = new StringBuilder(
                System.getProperty("java.vm.version") + roots + OldClasses.OLDEST_IN_A_CACHE + time + "\n");
        for (Path file : Assemble.list(jars)) {
            inputs.append(Assemble.digest(file))
                    .append(' ')
                    .append(file.getFileName())
                    .append('\n');
        }
        for (Path file : Assemble.list(descriptors)) {
            inputs.append(Assemble.digest(file))
                    .append(' ')
                    .append(file.getFileName())
                    .append('\n');
        }
        Path stamp = work.resolve("image.stamp");
        if (Assemble.unchanged(stamp, inputs.toString()) && Files.exists(image.resolve("bin/java"))) {
            return;
        }
        Files.deleteIfExists(stamp);
        delete(image);
        Path modules = modules();
        tool(
                "jlink",
                "--module-path=" + modules,
                "--add-modules=" + String.join(",", roots),
                "--no-header-files",
                "--no-man-pages",
                "--output=" + image);
        Files.setLastModifiedTime(image.resolve("lib/modules"), time);
        dump();
        Files.writeString(stamp, inputs);
    }

    /** What a cache depends on. */
    String identity() throws IOException {
        return Assemble.digest(image.resolve("lib/modules")) + " " + time;
    }

    /** The jars as modules: those without a descriptor get the one that stands in {@code build/modules}. */
    private Path modules() throws IOException {
        Path modules = work.resolve("modules");
        delete(modules);
        Files.createDirectories(modules);
        for (Path jar : Assemble.list(jars)) {
            if (!jar.getFileName().toString().startsWith("junixsocket-native")) {
                Path module = modules.resolve(jar.getFileName());
                Files.copy(jar, module, StandardCopyOption.REPLACE_EXISTING);
                int renewed = OldClasses.renew(module);
                if (renewed > 0) {
                    System.out.println(renewed + " old classes of " + jar.getFileName() + " renewed");
                }
            }
        }
        for (Path descriptor : Assemble.list(descriptors)) {
            String name = descriptor.getFileName().toString().replace(".java", "");
            String artifact = name.substring(name.lastIndexOf('.') + 1) + "-";
            Path jar = Assemble.list(modules).stream()
                    .filter(file -> file.getFileName().toString().startsWith(artifact))
                    .findFirst()
                    .orElseThrow();
            Path source = Files.createDirectories(work.resolve("descriptors").resolve(name));
            Path module = source.resolve("module-info.java");
            Files.copy(descriptor, module, StandardCopyOption.REPLACE_EXISTING);
            tool("javac", "--patch-module=" + name + "=" + jar, "-d", source.toString(), module.toString());
            tool("jar", "--update", "--file=" + jar, "-C", source.toString(), "module-info.class");
        }
        return modules;
    }

    /** The default CDS archive, which serves a start whose own cache is missing or stale. */
    private void dump() throws IOException, InterruptedException {
        Process dump = new ProcessBuilder(
                        image.resolve("bin/java").toString(), "-Xshare:dump", "-XX:+UseSerialGC", "-Xlog:disable")
                .inheritIO()
                .start();
        if (dump.waitFor() != 0) {
            throw new IllegalStateException("the default CDS archive was not written");
        }
    }

    private static void tool(String name, String... arguments) {
        int code = ToolProvider.findFirst(name).orElseThrow().run(System.out, System.err, arguments);
        if (code != 0) {
            throw new IllegalStateException(name + " ended with " + code + ": " + List.of(arguments));
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException e) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
