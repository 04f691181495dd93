package ringfence.it.fuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Programs in C that work in guests, most of them on a file system, each in a folder of its name below {@code src/main/c}. Static, so that they run in any guest. */
public enum GuestProgram {
    /** Thousands of small cases of what calls on files answer, each done on two file systems and compared. */
    POSIX,
    /** Random operations on one file, mapped ones among them, and a model that says what is in it. */
    FSX,
    /** Many processes that make, move and remove names in one tree. */
    LOAD,
    /** Takes a lock of a file, keeps it until it is told to let go. */
    LOCK,
    /** Either end of a connection between a guest and its host. */
    VSOCK;

    /** The name of its program. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Builds it with gcc. @return the program, in this folder */
    public Path build(Path folder) throws IOException, InterruptedException {
        Path sources = Stream.of("src/main/c", "integration-tests/src/main/c")
                .map(top -> Path.of(top, label()))
                .filter(Files::isDirectory)
                .findFirst()
                .orElseThrow(() -> new IOException("not in the source tree"));
        Path program = folder.resolve(label());
        List<String> command = new ArrayList<>(
                List.of("gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o", program.toString()));
        try (Stream<Path> files = Files.list(sources)) {
            files.map(Path::toString)
                    .filter(name -> name.endsWith(".c"))
                    .sorted()
                    .forEach(command::add);
        }
        Process gcc = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(gcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (gcc.waitFor() != 0) {
            throw new IOException("gcc: " + said);
        }
        return program;
    }
}
