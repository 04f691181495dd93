package ringfence.it.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A program that stops a VMM's daemon with SIGSTOP again and again, on the host where that runs: how soon the VMM tells that
 * it hangs, and how fast its {@code vm.info} answers meanwhile. The device's {@code on_hang} is report.
 */
public final class HangProbe {
    /** What is printed: the longest time in ms until it was told, and median and p99 of {@code vm.info} in µs. */
    public static final Pattern LINE = Pattern.compile("detected_ms=(\\d+) .*info_p50_us=(\\d+) info_p99_us=(\\d+)");

    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);
    private static final long BETWEEN_MILLIS = 10;
    /** Calls before it counts: the first ones are slow in this program itself. */
    private static final int WARM_UP = 50;

    private final VmmApi api;
    private final String device;
    private final List<Long> detected = new ArrayList<>();
    private final List<Long> answered = new ArrayList<>();

    private HangProbe(VmmApi api, String device) {
        this.api = api;
        this.device = device;
    }

    /**
     * Arguments: the API's socket, the VMM's process id, the device's id, a word of its daemon's command line, how often.
     * Prints one line.
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        HangProbe probe = new HangProbe(new VmmApi(Path.of(arguments[0])), arguments[2]);
        String daemon = daemon(arguments[1], arguments[3]);
        int rounds = Integer.parseInt(arguments[4]);
        for (int i = 0; i < WARM_UP; i++) {
            probe.condition();
        }
        probe.answered.clear();
        for (int i = 0; i < rounds; i++) {
            probe.stop(daemon);
        }
        System.out.printf(
                Locale.ROOT,
                "%s stopped=%d detected_ms=%d info_calls=%d info_p50_us=%d info_p99_us=%d%n",
                arguments[2],
                rounds,
                Collections.max(probe.detected),
                probe.answered.size(),
                percent(probe.answered, 50),
                percent(probe.answered, 99));
    }

    /** The VMM's child with that word in its command line. */
    private static String daemon(String vmm, String word) throws IOException {
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                if (read(process.resolve("status")).contains("\nPPid:\t" + vmm + "\n")
                        && read(process.resolve("cmdline")).contains(word)) {
                    return process.getFileName().toString();
                }
            }
        }
        throw new IllegalStateException("process " + vmm + " has no child with " + word);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException _) {
            return ""; // it has gone
        }
    }

    private static long percent(List<Long> times, int percent) {
        List<Long> sorted = new ArrayList<>(times);
        Collections.sort(sorted);
        return sorted.get((sorted.size() * percent + 99) / 100 - 1);
    }

    private void stop(String daemon) throws IOException, InterruptedException {
        until("\"responding\":true");
        signal("STOP", daemon);
        long stopped = System.nanoTime();
        until("\"responding\":false");
        detected.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - stopped));
        signal("CONT", daemon);
    }

    private static void signal(String name, String process) throws IOException, InterruptedException {
        if (new ProcessBuilder("kill", "-" + name, process).inheritIO().start().waitFor() != 0) {
            throw new IllegalStateException("kill -" + name + " " + process);
        }
    }

    private void until(String told) throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!condition().contains(told)) {
            if (System.nanoTime() - start > PATIENCE) {
                throw new IllegalStateException(device + ": not " + told + ": " + condition());
            }
            Thread.sleep(BETWEEN_MILLIS);
        }
    }

    /** What {@code vm.info} says of the device. */
    private String condition() throws IOException {
        long asked = System.nanoTime();
        String all = api.get("vm.info").body();
        answered.add(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - asked));
        int tree = all.indexOf("\"device_tree\"");
        int at = all.indexOf('"' + device + "\":{", tree);
        return tree < 0 || at < 0 ? "" : all.substring(at, all.indexOf('}', at));
    }
}
