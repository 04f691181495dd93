package ringfence.it.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * This source tree: where its scripts are and what its build has made.
 *
 * @param root the top directory
 */
public record Checkout(Path root) {
    /** The tree that this process was started in, by the build or by hand. */
    public static Checkout find() {
        Path from = Path.of("").toAbsolutePath();
        for (Path at = from; at != null; at = at.getParent()) {
            if (Files.isExecutable(at.resolve("packaging/lab"))) {
                return new Checkout(at);
            }
        }
        throw new LabException("no packaging/lab in " + from + " or above");
    }

    /**
     * What {@code mvn package} leaves for the user.
     *
     * @throws LabException if it is not whole: a program without its cache does the same, several times more slowly
     */
    public Path product() {
        Path tree = root.resolve("packaging/target/ringfence");
        try (DirectoryStream<Path> programs = Files.newDirectoryStream(tree.resolve("bin"))) {
            for (Path program : programs) {
                Path cache = tree.resolve("lib/cache").resolve(program.getFileName() + ".aot");
                if (!Files.exists(cache)) {
                    throw new LabException(cache + " is missing: mvn package makes the whole tree");
                }
            }
            return tree;
        } catch (IOException e) {
            throw new LabException(tree + " is not there: mvn package makes it", e);
        }
    }

    /** Where tests leave logs and scratch files. */
    public Path output() {
        return root.resolve("integration-tests/target/lab");
    }

    /** The script that boots L1. */
    public Path lab() {
        return root.resolve("packaging/lab");
    }

    /** Kernels, initramfs and root tree for guests, made if need be: the directory. */
    public String makeGuests() {
        return made("packaging/lab.d/kit");
    }

    /** A tree with a compiler for guests, made if need be: the directory. */
    public String makeToolchain() {
        return made("packaging/lab.d/toolchain");
    }

    private String made(String script) {
        try {
            Process maker = new ProcessBuilder(root.resolve(script).toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String directory = new String(maker.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (maker.waitFor() != 0) {
                throw new LabException(script + " failed with status " + maker.exitValue());
            }
            return directory;
        } catch (IOException e) {
            throw new LabException("cannot run " + script, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted in " + script, e);
        }
    }
}
