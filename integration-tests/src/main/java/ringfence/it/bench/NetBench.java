package ringfence.it.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import ringfence.option.Json;

/** The program behind {@code packaging/bench net}. */
public final class NetBench {
    /** Java is compiled while it runs. */
    private static final long WARM_UP_MILLIS = 4_000;

    private final NetOptions options;
    private final PrintStream out;

    private NetBench(NetOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /** Arguments: the tree, then {@link NetOptions#USAGE}. Exit code 1: a row is below its bar; 2: it cannot run. */
    public static void main(String[] arguments) throws InterruptedException {
        List<String> words = List.of(arguments);
        boolean met;
        try {
            NetOptions options = NetOptions.parse(words.subList(1, words.size()), Path.of(words.getFirst()));
            met = new NetBench(options, System.out).run();
        } catch (IllegalArgumentException | IOException e) {
            System.err.println("bench: " + e.getMessage());
            System.exit(2);
            return;
        }
        System.exit(met ? 0 : 1);
    }

    private boolean run() throws IOException, InterruptedException {
        Files.createDirectories(options.output());
        Circumstances circumstances = Circumstances.now(options.commit());
        boolean met = true;
        if (options.ports()) {
            met = ports(circumstances);
        }
        if (options.tap()) {
            met &= tap(circumstances.beside("QEMU " + Circumstances.qemuVersion()));
        }
        return met;
    }

    private boolean ports(Circumstances now) throws IOException, InterruptedException {
        List<NetRow> rows = new ArrayList<>();
        Path folder = Files.createTempDirectory("ringfence-bench");
        List<SwitchedPorts> contenders = new ArrayList<>();
        Circumstances circumstances;
        try {
            for (NetContender contender : NetContender.values()) {
                Path own = Files.createDirectory(folder.resolve(contender.name()));
                contenders.add(SwitchedPorts.start(contender, options, own, "0", "1"));
            }
            circumstances = now.beside(contenders.getFirst().version());
            out.println(circumstances.line());
            for (SwitchedPorts contender : contenders) {
                for (int bytes : options.sizes()) {
                    contender.run(bytes, WARM_UP_MILLIS / options.sizes().size());
                }
            }
            for (int bytes : options.sizes()) {
                rows.add(row(contenders, bytes));
            }
        } finally {
            for (SwitchedPorts contender : contenders) {
                contender.close();
            }
            delete(folder);
        }
        report(
                "net-switch",
                circumstances,
                "Frames between two ports for a second of a core: our switch by DPDK's net_vhost",
                rows.stream().map(NetRow::json).toList(),
                rows.stream().map(NetRow::drawn).toList());
        return rows.stream().noneMatch(row -> row.verdict() == Verdict.BELOW);
    }

    private boolean tap(Circumstances circumstances) throws IOException {
        out.println(circumstances.line());
        List<TapRow> rows = new ArrayList<>();
        Path folder = Files.createTempDirectory("ringfence-bench");
        try {
            rows.addAll(TapHere.run(options.ours(), options.rounds(), folder, out));
        } finally {
            delete(folder);
        }
        if (options.lab()) {
            rows.addAll(TapInL1.run(options.rounds(), out));
        }
        rows.forEach(row -> out.println(row.line()));
        report(
                "net-tap",
                circumstances,
                "iperf3 between a guest and its host over a tap: by our daemon, by QEMU itself",
                rows.stream().map(TapRow::json).toList(),
                rows.stream().map(TapRow::drawn).toList());
        return rows.stream().noneMatch(row -> row.verdict() == Verdict.BELOW);
    }

    private NetRow row(List<SwitchedPorts> contenders, int bytes) throws IOException, InterruptedException {
        NetRow row = new NetRow(bytes);
        for (int round = 0; round < options.rounds(); round++) {
            for (int i = 0; i < contenders.size(); i++) {
                SwitchedPorts contender = contenders.get((i + round) % contenders.size());
                row.add(contender.contender(), contender.run(bytes, options.millis()));
            }
        }
        out.println(row.line());
        return row;
    }

    private void report(
            String name, Circumstances circumstances, String title, List<? extends Json> rows, List<Chart.Bar> bars)
            throws IOException {
        Path json = options.output().resolve(name + ".json");
        Path svg = options.output().resolve(name + ".svg");
        Files.writeString(json, circumstances.json(List.copyOf(rows)));
        Chart.write(svg, title, circumstances, bars);
        out.println("written: " + json + ", " + svg);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
