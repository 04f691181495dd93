package ringfence.it.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import ringfence.option.Json;

/**
 * What a report's reader has to know about where it comes from.
 *
 * @param commit of the tree
 * @param date of the run
 * @param machine processor, kernel
 * @param load average of one minute, before the run
 * @param peer name and version of the peer; empty: not known yet
 */
record Circumstances(String commit, String date, String machine, String load, String peer) {
    /** Now, beside nobody. */
    static Circumstances now(String commit) throws IOException {
        return new Circumstances(
                commit,
                LocalDate.now(ZoneOffset.UTC).toString(),
                processor() + ", Linux " + System.getProperty("os.version"),
                Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0],
                "");
    }

    /** The same beside this peer. */
    Circumstances beside(String other) {
        return new Circumstances(commit, date, machine, load, other);
    }

    private static String processor() throws IOException {
        List<String> models = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .toList();
        return models.size() + " × " + (models.isEmpty() ? "unknown processor" : models.getFirst());
    }

    /** QEMU's version here. */
    static String qemuVersion() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("qemu-storage-daemon", "--version").start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return text.lines().findFirst().orElse("").replaceFirst("qemu-storage-daemon version (\\S+).*", "$1");
    }

    /** All of it in one line. */
    String line() {
        return "commit " + commit + ", " + date + ", " + machine + ", load " + load + ", " + peer;
    }

    /** A report, with a row a line, so that two can be compared. */
    String json(List<Json> rows) {
        String head = Json.object("commit", commit, "date", date, "machine", machine, "load", load, "peer", peer)
                .toString();
        List<String> lines = rows.stream().map(row -> "  " + row).toList();
        return head.substring(0, head.length() - 1) + ",\"rows\":[\n" + String.join(",\n", lines) + "\n]}\n";
    }
}
