package ringfence.it.bench;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import ringfence.option.Json;

/** Frames of one size: the runs of each contender, and what follows from them. */
final class NetRow {
    private static final double BOUND = 0.8;
    private static final int SMALL = 64;
    private static final int LARGE = 1500;

    private final int bytes;
    private final Map<NetContender, List<Flow>> runs = new EnumMap<>(NetContender.class);

    NetRow(int bytes) {
        this.bytes = bytes;
    }

    void add(NetContender contender, Flow flow) {
        runs.computeIfAbsent(contender, _ -> new ArrayList<>()).add(flow);
    }

    double median(NetContender contender, ToDoubleFunction<Flow> figure) {
        return Samples.median(runs.get(contender).stream().mapToDouble(figure));
    }

    /** Our frames for a second of a core, by DPDK's. */
    double ratio() {
        return median(NetContender.RINGFENCE, Flow::perCore) / median(NetContender.DPDK, Flow::perCore);
    }

    private Spread spread() {
        List<Flow> ours = runs.get(NetContender.RINGFENCE);
        List<Flow> theirs = runs.get(NetContender.DPDK);
        return Spread.of(IntStream.range(0, ours.size())
                .mapToDouble(i -> ours.get(i).perCore() / theirs.get(i).perCore())
                .sorted()
                .toArray());
    }

    /** What is asked for. */
    OptionalDouble bar() {
        return switch (bytes) {
            case SMALL -> OptionalDouble.of(0.5);
            case LARGE -> OptionalDouble.of(0.8);
            default -> OptionalDouble.empty();
        };
    }

    /** Whether the front-end kept DPDK waiting for more than a fifth of its time, so that its rate says nothing of it. */
    boolean isFrontEndBound() {
        return median(NetContender.DPDK, Flow::busy) < BOUND * median(NetContender.DPDK, Flow::cpu);
    }

    Verdict verdict() {
        if (ratio() >= bar().orElse(0)) {
            return isFrontEndBound() ? Verdict.FRONT_END_BOUND : Verdict.MET;
        }
        return spread().high() >= bar().orElse(0) ? Verdict.WITHIN_NOISE : Verdict.BELOW;
    }

    String line() {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%5d bytes", bytes));
        for (NetContender contender : NetContender.values()) {
            line.append(String.format(
                    Locale.ROOT,
                    "  %s %6.3f Mpps %4.0f ns cpu (front-end %3.0f ns)",
                    contender.label(),
                    median(contender, Flow::rate) / 1e6,
                    median(contender, Flow::cpu),
                    median(contender, Flow::front)));
        }
        return line.append(String.format(
                        Locale.ROOT,
                        "  ratio per core %.2f (%.2f to %.2f) bar %s: %s",
                        ratio(),
                        spread().low(),
                        spread().high(),
                        bar().isPresent() ? bar().getAsDouble() : "none",
                        verdict().words()))
                .toString();
    }

    Json json() {
        Json row = Json.object(
                "bytes",
                new Json.Num(Integer.toString(bytes)),
                "ratio",
                number(ratio()),
                "low",
                number(spread().low()),
                "high",
                number(spread().high()),
                "bar",
                bar().isPresent() ? number(bar().getAsDouble()) : null,
                "verdict",
                verdict().words());
        Map<String, Json> all = new TreeMap<>(((Json.Obj) row).members());
        for (NetContender contender : NetContender.values()) {
            all.put(contender.label(), flows(contender));
        }
        return new Json.Obj(all);
    }

    private Json flows(NetContender contender) {
        return Json.object(
                "framesPerSecond", number(median(contender, Flow::rate)),
                "cpuPerFrameNs", number(median(contender, Flow::cpu)),
                "busyPerFrameNs", number(median(contender, Flow::busy)),
                "frontEndPerFrameNs", number(median(contender, Flow::front)),
                "lost", number(median(contender, Flow::lost)),
                "runs",
                        new Json.Arr(runs.get(contender).stream()
                                .map(flow -> number(flow.rate()))
                                .toList()));
    }

    private static Json number(double value) {
        return Double.isNaN(value) ? null : new Json.Num(String.format(Locale.ROOT, "%.3f", value));
    }

    Chart.Bar drawn() {
        return new Chart.Bar(
                bytes + " bytes, through the switch",
                ratio(),
                bar(),
                verdict().colour(),
                String.format(
                        Locale.ROOT,
                        "%.2f: %.0f ns of a core a frame by %.0f",
                        ratio(),
                        median(NetContender.RINGFENCE, Flow::cpu),
                        median(NetContender.DPDK, Flow::cpu)));
    }
}
