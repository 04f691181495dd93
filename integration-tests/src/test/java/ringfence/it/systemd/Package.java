package ringfence.it.systemd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import ringfence.it.lab.Checkout;

/** The package. */
final class Package {
    private Package() {}

    /** Makes it of the built tree. @return the file */
    static Path make() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                Checkout.find().root().resolve("packaging/deb").toString());
        return Path.of(said(builder).lines().toList().getLast());
    }

    /**
     * Makes one of the same content and the next version.
     *
     * @param file where it is to be
     */
    static void makeNext(Path deb, Path file) throws IOException, InterruptedException {
        String script = """
            tree=$(mktemp -d)
            trap 'rm -rf "$tree"' EXIT
            dpkg-deb --raw-extract "$1" "$tree/content"
            sed -i 's/^Version: .*/&+next/' "$tree/content/DEBIAN/control"
            dpkg-deb --root-owner-group -Znone --build "$tree/content" "$2"
            """;
        said(new ProcessBuilder("sh", "-euc", script, "sh", deb.toString(), file.toString()));
    }

    private static String said(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(builder.command().getFirst() + " ends with " + process.exitValue());
        }
        return said;
    }
}
