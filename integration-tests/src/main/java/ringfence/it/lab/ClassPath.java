package ringfence.it.lab;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The class path of this process, as far as programs of tests need it: the project's own classes, and Agrona. */
final class ClassPath {
    private static final List<String> FLAGS = List.of(
            "-XX:+UseSerialGC",
            "-Xmx64m",
            "--enable-native-access=ALL-UNNAMED",
            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED");

    private ClassPath() {}

    /** The words that start a class from this class path. */
    static Command command(String java, String classPath, Class<?> main, String... arguments) {
        return Command.of(java)
                .with(FLAGS)
                .with("-cp", classPath, main.getName())
                .with(arguments);
    }

    /** All of it, where it lies. */
    static String here() {
        return System.getProperty("java.class.path");
    }

    /** Copies it, times included, into a directory: the names there, in order. */
    static List<String> copyTo(Checkout checkout, Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        for (String entry : here().split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            boolean classes = !entry.isEmpty() && Files.isDirectory(path);
            if (classes || path.startsWith(checkout.root()) || entry.contains("agrona")) {
                String name = names.size() + (classes ? "" : ".jar");
                copy(path, directory.resolve(name));
                names.add(name);
            }
        }
        return names;
    }

    private static void copy(Path from, Path to) throws IOException {
        try {
            if (new ProcessBuilder("cp", "-a", from.toString(), to.toString())
                            .inheritIO()
                            .start()
                            .waitFor()
                    != 0) {
                throw new IOException("cannot copy " + from + " to " + to);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while copying " + from, e);
        }
    }
}
