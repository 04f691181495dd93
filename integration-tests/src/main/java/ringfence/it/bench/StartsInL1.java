package ringfence.it.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import ringfence.it.lab.Checkout;

/**
 * Starts in the lab's L1, where KVM is real: the same kernel and initramfs under ours and three of QEMU's machines. All
 * times are those of L1's kernel trace; {@code packaging/bench.d/in-l1} is what runs there.
 */
final class StartsInL1 {
    private static final double MIB_EACH = 30;

    private final BootOptions options;
    private final Checkout checkout;
    private final PrintStream out;
    private final Samples guest = new Samples();
    private final Samples monitor = new Samples();
    private final Samples whole = new Samples();
    private final Map<String, Double> memory = new LinkedHashMap<>();

    StartsInL1(BootOptions options, Checkout checkout, PrintStream out) {
        this.options = options;
        this.checkout = checkout;
        this.out = out;
    }

    /** @param parts what L1 gets: the script and the initramfs */
    List<BootRow> run(Path parts) throws IOException, InterruptedException {
        Process lab = new ProcessBuilder(
                        checkout.lab().toString(),
                        "--peers",
                        "--mount",
                        parts + "=/opt/bench",
                        "--",
                        "/opt/bench/in-l1",
                        Integer.toString(options.rounds()),
                        Integer.toString(options.settle()),
                        Integer.toString(options.megabytes()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Thread onSignal = new Thread(lab::destroy);
        Runtime.getRuntime().addShutdownHook(onSignal); // it would go on without us, with a core to itself
        try (BufferedReader lines = lab.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                take(line);
            }
        }
        if (lab.waitFor() != 0 || !guest.has(BootRow.OURS) || memory.isEmpty()) {
            throw new IOException("the part in L1 failed with status " + lab.exitValue());
        }
        return rows();
    }

    private void take(String line) {
        String[] words = line.split(" ", -1);
        switch (words[0]) {
            case "boot" -> {
                double exec = Double.parseDouble(words[2]);
                double first = Double.parseDouble(words[3]);
                double init = Double.parseDouble(words[4]);
                out.printf(
                        "L1: %s: first KVM_RUN after %.2f s, init %.2f s later%n",
                        words[1], first - exec, init - first);
                monitor.add(words[1], first - exec);
                guest.add(words[1], init - first);
                whole.add(words[1], init - exec);
            }
            case "memory" -> {
                if (PrivateMemory.counts(words[3])) {
                    memory.merge(words[1], Double.parseDouble(words[2]) / 1024, Double::sum);
                }
            }
            default -> out.println("L1: " + line);
        }
    }

    private List<BootRow> rows() {
        List<BootRow> rows = new ArrayList<>();
        rows.add(new BootRow("L1: first KVM_RUN to init", "s", guest, OptionalDouble.of(1)));
        rows.add(new BootRow("L1: exec to first KVM_RUN", "s", monitor, OptionalDouble.empty()));
        rows.add(new BootRow("L1: exec to init", "s", whole, OptionalDouble.empty()));
        memory.forEach((process, mib) -> {
            Samples samples = new Samples();
            samples.add(BootRow.OURS, mib);
            samples.add("limit", MIB_EACH);
            rows.add(new BootRow("L1: private memory, " + process, "MiB", samples, OptionalDouble.of(1)));
        });
        return rows;
    }
}
