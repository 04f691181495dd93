package ringfence.it.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import ringfence.it.lab.Checkout;

/** The program behind {@code packaging/bench boot}. */
public final class BootBench {
    private BootBench() {}

    /**
     * Arguments: a folder with what L1 gets, the folder of the guests, then {@link BootOptions#USAGE}. Exit code 1: a row
     * is worse than its bar; 2: it cannot run.
     */
    public static void main(String[] arguments) throws InterruptedException {
        List<String> words = List.of(arguments);
        boolean met;
        try {
            BootOptions options = BootOptions.parse(words.subList(2, words.size()));
            met = run(Path.of(words.getFirst()), words.get(1), options, System.out);
        } catch (IllegalArgumentException | IOException e) {
            System.err.println("bench: " + e.getMessage());
            System.exit(2);
            return;
        }
        System.exit(met ? 0 : 1);
    }

    private static boolean run(Path parts, String guests, BootOptions options, PrintStream out)
            throws IOException, InterruptedException {
        Files.createDirectories(options.output());
        Checkout checkout = Checkout.find();
        Circumstances circumstances = Circumstances.now(options.commit()).beside("QEMU " + Circumstances.qemuVersion());
        List<BootRow> rows = new ArrayList<>();
        if (options.here()) {
            rows.addAll(new StartsHere(options, checkout, guests, out).run());
            rows.addAll(new StartsOfApi(options, checkout, out).run());
            rows.addAll(new StartsOfDaemons(options, checkout, out).run());
        }
        if (options.lab()) {
            rows.addAll(new StartsInL1(options, checkout, out).run(parts));
        }
        rows.forEach(row -> out.println(line(row)));
        Path json = options.output().resolve("boot.json");
        Path svg = options.output().resolve("boot.svg");
        Files.writeString(
                json, circumstances.json(rows.stream().map(BootRow::json).toList()));
        Chart.write(
                svg,
                "Starts and private memory: ours by the best of QEMU's machines, or by the limit; less is better",
                circumstances,
                rows.stream()
                        .filter(row -> row.bar().isPresent())
                        .map(BootBench::drawn)
                        .toList());
        out.println("written: " + json + ", " + svg);
        return rows.stream().allMatch(BootRow::isMet);
    }

    private static String line(BootRow row) {
        StringBuilder line =
                new StringBuilder(String.format(Locale.ROOT, "%-42s %8.2f %-3s", row.title(), row.ours(), row.unit()));
        for (String other : row.others()) {
            line.append(
                    String.format(Locale.ROOT, "  %s %.2f", other, row.samples().median(other)));
        }
        if (row.bar().isPresent()) {
            line.append(String.format(
                    Locale.ROOT,
                    "  ratio %.2f, bar %.1f: %s",
                    row.ratio(),
                    row.bar().getAsDouble(),
                    row.isMet() ? "met" : "MISSED"));
        }
        return line.toString();
    }

    private static Chart.Bar drawn(BootRow row) {
        String text = String.format(
                Locale.ROOT,
                "%.2f: %.2f %s, %s",
                row.ratio(),
                row.ours(),
                row.unit(),
                row.others().getFirst());
        return new Chart.Bar(row.title(), row.ratio(), row.bar(), Chart.colour(row.isMet()), text);
    }
}
