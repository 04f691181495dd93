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

/** One load on the daemons: the runs of each, and what follows from them. */
final class FsRow {
    /** What ratio is asked for. */
    static final double BAR = 1.0;
    /** What ratio is aimed at. */
    static final double AIM = 1.5;

    private static final double BOUND = 0.8;

    private final FsLoad load;
    private final int peerQueues;
    private final Map<FsContender, List<LoadResult>> runs = new EnumMap<>(FsContender.class);

    /** @param peerQueues that the peer has of those that the load wants */
    FsRow(FsLoad load, int peerQueues) {
        this.load = load;
        this.peerQueues = peerQueues;
    }

    void add(FsContender contender, LoadResult result) {
        runs.computeIfAbsent(contender, _ -> new ArrayList<>()).add(result);
    }

    double median(FsContender contender, ToDoubleFunction<LoadResult> figure) {
        return Samples.median(runs.get(contender).stream().mapToDouble(figure));
    }

    private double rate(FsContender contender) {
        return median(contender, LoadResult::iops);
    }

    /** Our requests per second by the peer's. */
    double ratio() {
        return rate(FsContender.RINGFENCE) / rate(FsContender.VIRTIOFSD);
    }

    private double cpuRatio() {
        return median(FsContender.RINGFENCE, LoadResult::cpuPerIo)
                / median(FsContender.VIRTIOFSD, LoadResult::cpuPerIo);
    }

    private Spread spread() {
        List<LoadResult> ours = runs.get(FsContender.RINGFENCE);
        List<LoadResult> theirs = runs.get(FsContender.VIRTIOFSD);
        return Spread.of(IntStream.range(0, ours.size())
                .mapToDouble(i -> ours.get(i).iops() / theirs.get(i).iops())
                .sorted()
                .toArray());
    }

    private boolean isFrontEndBound() {
        double limit = BOUND * rate(FsContender.NULL);
        return rate(FsContender.RINGFENCE) > limit || rate(FsContender.VIRTIOFSD) > limit;
    }

    private long disturbed() {
        return runs.values().stream()
                .flatMap(List::stream)
                .filter(LoadResult::isDisturbed)
                .count();
    }

    Verdict verdict() {
        if (ratio() >= BAR) {
            return Verdict.MET;
        }
        if (isFrontEndBound()) {
            return Verdict.FRONT_END_BOUND;
        }
        return spread().high() >= BAR ? Verdict.WITHIN_NOISE : Verdict.BELOW;
    }

    private String title() {
        return load.title() + (peerQueues == load.queues() ? "" : " (peer: " + peerQueues + ")");
    }

    static String head() {
        return String.format(
                "%-52s %10s %10s %10s %6s %6s  p50 µs (p99) ours, peer's",
                "load", "ringfence", "virtiofsd", "ceiling", "ratio", "cpu");
    }

    String line() {
        return String.format(
                Locale.ROOT,
                "%-52s %10.0f %10.0f %10.0f %6.2f %6.2f  %.1f (%.1f), %.1f (%.1f)  %s (%.2f to %.2f)%s%s",
                title(),
                rate(FsContender.RINGFENCE),
                rate(FsContender.VIRTIOFSD),
                rate(FsContender.NULL),
                ratio(),
                cpuRatio(),
                median(FsContender.RINGFENCE, LoadResult::p50) / 1e3,
                median(FsContender.RINGFENCE, LoadResult::p99) / 1e3,
                median(FsContender.VIRTIOFSD, LoadResult::p50) / 1e3,
                median(FsContender.VIRTIOFSD, LoadResult::p99) / 1e3,
                verdict().words(),
                spread().low(),
                spread().high(),
                ratio() >= AIM ? ", aim reached" : "",
                disturbed() == 0 ? "" : ", " + disturbed() + " runs disturbed");
    }

    Json json() {
        Json row = Json.object(
                "operation",
                load.operation().label(),
                "depth",
                new Json.Num(Integer.toString(load.depth())),
                "queues",
                new Json.Num(Integer.toString(load.queues())),
                "peerQueues",
                new Json.Num(Integer.toString(peerQueues)),
                "notify",
                load.polling() ? "polling" : "eventfd",
                "ratio",
                number(ratio()),
                "low",
                number(spread().low()),
                "high",
                number(spread().high()),
                "cpuRatio",
                number(cpuRatio()),
                "verdict",
                verdict().words(),
                "disturbedRuns",
                new Json.Num(Long.toString(disturbed())));
        Map<String, Json> all = new TreeMap<>(((Json.Obj) row).members());
        for (FsContender contender : FsContender.values()) {
            all.put(
                    contender.label(),
                    Json.object(
                            "perSecond", number(rate(contender)),
                            "p50ns", number(median(contender, LoadResult::p50)),
                            "p99ns", number(median(contender, LoadResult::p99)),
                            "cpuPerRequestNs", number(median(contender, LoadResult::cpuPerIo)),
                            "runs",
                                    new Json.Arr(runs.get(contender).stream()
                                            .map(run -> number(run.iops()))
                                            .toList())));
        }
        return new Json.Obj(all);
    }

    private static Json number(double value) {
        return Double.isNaN(value) ? null : new Json.Num(String.format(Locale.ROOT, "%.3f", value));
    }

    Chart.Bar drawn() {
        return new Chart.Bar(
                load.title(),
                ratio(),
                OptionalDouble.of(BAR),
                verdict().colour(),
                String.format(
                        Locale.ROOT,
                        "%.2f: %,.0f by %,.0f%s",
                        ratio(),
                        rate(FsContender.RINGFENCE),
                        rate(FsContender.VIRTIOFSD),
                        isFrontEndBound() ? ", front-end bound" : ""));
    }
}
