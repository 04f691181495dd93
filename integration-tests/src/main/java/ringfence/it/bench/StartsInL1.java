package ringfence.it.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import ringfence.it.lab.Checkout;

/**
 * Starts in the lab's L1, where KVM is real: the same kernel and initramfs under ours and three of QEMU's machines. All
 * times are those of L1's kernel trace; {@code packaging/bench.d/in-l1} is what runs there.
 */
final class StartsInL1 {
    private static final double MIB_EACH = 30;
    private static final int MACHINES = 4;
    private static final int MOST_LOSSES = 5;

    /** QEMU's emulation was seen to lose L1: both its processors wait for an interrupt that does not come. */
    private static final long SILENCE_SECONDS = 130;

    private final BootOptions options;
    private final Checkout checkout;
    private final PrintStream out;
    private final Samples guest = new Samples();
    private final Samples monitor = new Samples();
    private final Samples whole = new Samples();
    private final List<Boot> round = new ArrayList<>();
    private int rounds;
    private final Map<String, Double> memory = new LinkedHashMap<>();

    StartsInL1(BootOptions options, Checkout checkout, PrintStream out) {
        this.options = options;
        this.checkout = checkout;
        this.out = out;
    }

    /** @param parts what L1 gets: the script and the initramfs */
    List<BootRow> run(Path parts) throws IOException, InterruptedException {
        for (int losses = 0; rounds < options.rounds() || memory.isEmpty(); losses++) {
            if (losses > MOST_LOSSES) {
                throw new IOException("the part in L1 does not come to its end: L1 was lost " + losses + " times");
            }
            round.clear();
            String end = in(parts);
            if (!end.isEmpty()) {
                memory.clear();
                out.println("L1 " + end + " after " + rounds + " rounds; another goes on from there");
            }
        }
        return rows();
    }

    /** One L1, as far as it comes. @return how it was lost; empty: it was not */
    private String in(Path parts) throws IOException, InterruptedException {
        Process lab = new ProcessBuilder(
                        checkout.lab().toString(),
                        "--peers",
                        "--mount",
                        parts + "=/opt/bench",
                        "--",
                        "/opt/bench/in-l1",
                        Integer.toString(options.rounds() - rounds),
                        Integer.toString(options.settle()),
                        Integer.toString(options.megabytes()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Thread onSignal = new Thread(lab::destroy);
        Runtime.getRuntime().addShutdownHook(onSignal); // it would go on without us, with a core to itself
        BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
        Thread.ofPlatform().name("l1").daemon().start(() -> {
            lab.inputReader(StandardCharsets.UTF_8).lines().map(Optional::of).forEach(lines::add);
            lines.add(Optional.empty());
        });
        try {
            while (true) {
                Optional<String> line = lines.poll(SILENCE_SECONDS, TimeUnit.SECONDS);
                if (line == null) {
                    return "stands still";
                }
                if (line.isEmpty()) {
                    return lab.waitFor() == 0 ? "" : "has ended with status " + lab.exitValue();
                }
                take(line.get());
            }
        } finally {
            lab.destroy();
            lab.waitFor();
            Runtime.getRuntime().removeShutdownHook(onSignal);
        }
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
                round.add(new Boot(words[1], first - exec, init - first));
                if (round.size() == MACHINES) {
                    round.forEach(this::count); // a round that was cut short would favour somebody
                    round.clear();
                    rounds++;
                }
            }
            case "memory" -> {
                if (PrivateMemory.counts(words[3])) {
                    memory.merge(words[1], Double.parseDouble(words[2]) / 1024, Double::sum);
                }
            }
            default -> out.println("L1: " + line);
        }
    }

    private void count(Boot boot) {
        monitor.add(boot.machine, boot.toFirst);
        guest.add(boot.machine, boot.toInit);
        whole.add(boot.machine, boot.toFirst + boot.toInit);
    }

    /** Seconds of one boot. */
    private record Boot(String machine, double toFirst, double toInit) {}

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
