package ringfence.it.fuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The program in {@code src/main/c/posix}: thousands of small cases of what calls on files answer, each done on two file
 * systems and compared. Static, so that it runs in any guest.
 */
public final class PosixSuite {
    private PosixSuite() {}

    /** Builds it with gcc. @return the program, in this folder */
    public static Path build(Path folder) throws IOException, InterruptedException {
        Path sources = Stream.of("src/main/c/posix", "integration-tests/src/main/c/posix")
                .map(Path::of)
                .filter(Files::isDirectory)
                .findFirst()
                .orElseThrow(() -> new IOException("not in the source tree"));
        Path program = folder.resolve("posix");
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
