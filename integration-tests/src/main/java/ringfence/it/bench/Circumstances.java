package ringfence.it.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;

/**
 * What a report's reader has to know about where it comes from.
 *
 * @param commit of the tree
 * @param date of the run
 * @param machine processor, kernel
 * @param load average of one minute, before the run
 * @param peer the peer's version
 */
record Circumstances(String commit, String date, String machine, String load, String peer) {
    static Circumstances now(String commit) throws IOException, InterruptedException {
        return new Circumstances(
                commit,
                LocalDate.now(ZoneOffset.UTC).toString(),
                processor() + ", Linux " + System.getProperty("os.version"),
                Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0],
                peerVersion());
    }

    private static String processor() throws IOException {
        List<String> models = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .toList();
        return models.size() + " × " + (models.isEmpty() ? "unknown processor" : models.getFirst());
    }

    private static String peerVersion() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("qemu-storage-daemon", "--version").start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return text.lines().findFirst().orElse("").replaceFirst("qemu-storage-daemon version (\\S+).*", "$1");
    }

    /** All of it in one line. */
    String line() {
        return "commit " + commit + ", " + date + ", " + machine + ", load " + load + ", qemu-storage-daemon " + peer;
    }
}
