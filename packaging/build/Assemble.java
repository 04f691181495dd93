import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Lays out the runnable tree: {@code bin/} with one launcher per table {@code packaging/flags.*}, {@code lib/runtime}
 * with a runtime image that holds the JDK's and Ringfence's modules, {@code lib/journal} with the jars of
 * the journal's program, whose library is no module, {@code lib/cache} with one trained AOT cache per program, {@code share/}
 * with manual pages, completions and descriptions for QEMU's tools.
 *
 * <p>Runs on the JDK that the tree shall contain, with the jars on the class path: pages and completions are made of the
 * programs' own models. Steps whose inputs did not change are left out, and a file whose bytes
 * did not change is not touched: a cache remembers size and time of the image that it was trained with.
 *
 * <p>Usage: {@code java -cp JARS/* Assemble.java PACKAGING JARS JOURNAL TREE TIME}; JOURNAL is what the module's build has left.
 */
final class Assemble {
    private static final String NATIVE = "lib/amd64-Linux-clang/jni/libjunixsocket-native-";

    private final Path packaging;
    private final Path jars;
    private final Path journal;
    private final Path tree;
    private final Path work;
    private final Instant time;

    private Assemble(Path packaging, Path jars, Path journal, Path tree, Instant time) {
        this.packaging = packaging;
        this.jars = jars;
        this.journal = journal;
        this.tree = tree;
        this.time = time;
        this.work = tree.resolveSibling("work");
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        new Assemble(
                        Path.of(args[0]),
                        Path.of(args[1]),
                        Path.of(args[2]),
                        Path.of(args[3]).toAbsolutePath(),
                        Instant.parse(args[4]))
                .run();
    }

    private void run() throws IOException, InterruptedException {
        Files.createDirectories(work);
        Files.createDirectories(tree.resolve("lib"));
        List<Program> programs = Program.all(packaging);
        Set<String> roots = new TreeSet<>(table("runtime.modules"));
        programs.forEach(program -> program.module().ifPresent(roots::add));
        RuntimeImage image =
                new RuntimeImage(packaging.resolve("build/modules"), jars, work, tree.resolve("lib/runtime"), time);
        image.build(roots);
        unpackNative();
        copyScript();
        String journalsJars = copyJournal();
        Path bin = Files.createDirectories(tree.resolve("bin"));
        Path caches = Files.createDirectories(tree.resolve("lib/cache"));
        for (Program program : programs) {
            Launcher.write(tree, program);
        }
        List<Training> trainings = programs.stream()
                .map(program -> new Training(tree, work, program))
                .toList();
        LambdaForms forms = new LambdaForms(tree.resolve("lib/runtime"), work);
        forms.learn(trainings.stream().filter(Training::isOfImage).toList(), image.identity() + programs);
        for (Training training : trainings) { // a program's training may start others
            training.train(image.identity() + forms.identity() + (training.isOfImage() ? "" : journalsJars));
        }
        describeBackEnds();
        new Documents(packaging, tree, time).write();
        Set<String> names = programs.stream().map(Program::name).collect(Collectors.toSet());
        removeOthers(bin, names, "");
        removeOthers(caches, names, ".aot");
    }

    /** A jar that did not change is not touched: the cache remembers its time. @return what a cache depends on */
    private String copyJournal() throws IOException {
        Path target = Files.createDirectories(tree.resolve("lib/journal"));
        List<Path> wanted = Stream.concat(list(journal).stream(), list(journal.resolve("jars")).stream())
                .filter(file -> file.getFileName().toString().endsWith(".jar"))
                .toList();
        Set<String> names =
                wanted.stream().map(jar -> jar.getFileName().toString()).collect(Collectors.toSet());
        removeOthers(target, names, "");
        StringBuilder digests = new StringBuilder();
        for (Path jar : wanted) {
            Path copy = target.resolve(jar.getFileName());
            String digest = digest(jar);
            if (!Files.exists(copy) || !digest(copy).equals(digest)) {
                Files.copy(jar, copy, StandardCopyOption.REPLACE_EXISTING);
            }
            digests.append(digest)
                    .append(' ')
                    .append(Files.getLastModifiedTime(copy))
                    .append('\n');
        }
        return digests.toString();
    }

    /** What QEMU's tools look for to find back-ends (docs/interop/vhost-user.json); an installation has it in /usr/share. */
    private void describeBackEnds() throws IOException {
        Path folder = Files.createDirectories(tree.resolve("share/qemu/vhost-user"));
        describe(folder, "blk", "block");
        describe(folder, "net", "net");
        describe(folder, "fs", "fs");
    }

    private void describe(Path folder, String name, String type) throws IOException {
        String text = "{\n  \"description\": \"Ringfence vhost-user-" + name + "\",\n  \"type\": \"" + type
                + "\",\n  \"binary\": \"" + tree.resolve("bin/vhost-user-" + name) + "\"\n}\n";
        Path file = folder.resolve("50-ringfence-" + name + ".json");
        if (!Files.exists(file) || !Files.readString(file).equals(text)) {
            Files.writeString(file, text);
        }
    }

    /** What the VMM starts to be outlived by. It is there before anything is trained. */
    private void copyScript() throws IOException {
        Path target = tree.resolve("lib/last-will");
        Files.copy(packaging.resolve("last-will"), target, StandardCopyOption.REPLACE_EXISTING);
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void unpackNative() throws IOException {
        Path jar = list(jars).stream()
                .filter(file -> file.getFileName().toString().startsWith("junixsocket-native"))
                .findFirst()
                .orElseThrow();
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry entry = zip.stream()
                    .filter(e -> e.getName().startsWith(NATIVE) && !e.getName().contains("nodeps"))
                    .findFirst()
                    .orElseThrow();
            Path target = tree.resolve("lib/libjunixsocket-native.so");
            Files.copy(zip.getInputStream(entry), target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void removeOthers(Path folder, Set<String> names, String suffix) throws IOException {
        for (Path file : list(folder)) {
            String name = file.getFileName().toString();
            if (!name.endsWith(suffix) || !names.contains(name.substring(0, name.length() - suffix.length()))) {
                Files.delete(file);
            }
        }
    }

    private List<String> table(String name) throws IOException {
        return Files.readAllLines(packaging.resolve(name)).stream()
                .map(line -> line.replaceFirst("#.*", "").strip())
                .filter(line -> !line.isEmpty())
                .toList();
    }

    static boolean unchanged(Path stamp, String inputs) throws IOException {
        return Files.exists(stamp) && Files.readString(stamp).equals(inputs);
    }

    static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    /** Digest of a file, so that a rebuilt jar with the same bytes is known to be the same. */
    static String digest(Path file) throws IOException {
        try {
            byte[] sum = java.security.MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
            return HexFormat.of().formatHex(sum);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
