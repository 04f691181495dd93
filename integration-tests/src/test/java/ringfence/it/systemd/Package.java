package ringfence.it.systemd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import ringfence.it.lab.Checkout;

/** The package. */
final class Package {
    private Package() {}

    /** Makes it of the built tree. @return the file */
    static Path make() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                Checkout.find().root().resolve("packaging/deb").toString());
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        if (process.waitFor() != 0) {
            throw new IllegalStateException("packaging/deb ends with " + process.exitValue());
        }
        return Path.of(lines.getLast());
    }
}
