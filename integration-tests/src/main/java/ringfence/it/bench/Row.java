package ringfence.it.bench;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** One load on one medium: the runs of each contender, and what follows from them. */
final class Row {
    private static final double BOUND = 0.8;

    final String medium;
    final LoadSpec spec;
    private final Map<Contender, List<LoadResult>> runs = new EnumMap<>(Contender.class);

    Row(String medium, LoadSpec spec) {
        this.medium = medium;
        this.spec = spec;
    }

    void add(Contender contender, LoadResult result) {
        runs.computeIfAbsent(contender, _ -> new ArrayList<>()).add(result);
    }

    /** Median of each figure over the rounds. */
    LoadResult median(Contender contender) {
        return new LoadResult(
                median(contender, LoadResult::iops),
                median(contender, LoadResult::p50),
                median(contender, LoadResult::p99),
                median(contender, LoadResult::cpuPerIo),
                median(contender, LoadResult::others));
    }

    private double median(Contender contender, ToDoubleFunction<LoadResult> figure) {
        double[] sorted =
                runs.get(contender).stream().mapToDouble(figure).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Runs in which the machine was busy with something else, and which could not be had again without. */
    long disturbed() {
        return runs.values().stream()
                .flatMap(List::stream)
                .filter(LoadResult::isDisturbed)
                .count();
    }

    /** Every run's requests per second, in order. */
    List<Double> iops(Contender contender) {
        return runs.get(contender).stream().map(LoadResult::iops).toList();
    }

    /** The faster of the peer's two engines. */
    Contender better() {
        boolean uring = median(Contender.QEMU_URING).iops()
                >= median(Contender.QEMU_THREADS).iops();
        return uring ? Contender.QEMU_URING : Contender.QEMU_THREADS;
    }

    /** Our requests per second by the better peer's. */
    double ratio() {
        return median(Contender.RINGFENCE).iops() / median(better()).iops();
    }

    /** Of the ratios of the rounds, whose runs came one after the other. */
    Spread spread() {
        List<Double> ours = iops(Contender.RINGFENCE);
        List<Double> theirs = iops(better());
        return Spread.of(IntStream.range(0, ours.size())
                .mapToDouble(i -> ours.get(i) / theirs.get(i))
                .sorted()
                .toArray());
    }

    /** Our processor time per request by the better peer's. */
    double cpuRatio() {
        return median(Contender.RINGFENCE).cpuPerIo() / median(better()).cpuPerIo();
    }

    /** Whether the front-end, not a daemon, was the limit of one of the two. */
    boolean isFrontEndBound() {
        double limit = BOUND * median(Contender.NULL).iops();
        return median(Contender.RINGFENCE).iops() > limit || median(better()).iops() > limit;
    }

    /** How it stands. */
    Verdict verdict() {
        if (isFrontEndBound()) {
            return Verdict.FRONT_END_BOUND;
        }
        if (medium.equals("tmpfs") && cpuRatio() > 1.0) {
            return Verdict.BELOW;
        }
        if (ratio() >= bar()) {
            return Verdict.MET;
        }
        return spread().high() >= bar() ? Verdict.WITHIN_NOISE : Verdict.BELOW;
    }

    /** What ratio is asked for. */
    double bar() {
        return medium.equals("tmpfs") && spec.depth() > 1 ? 1.5 : 1.0;
    }

    /** For the chart. */
    Chart.Bar drawn() {
        String bound = isFrontEndBound() ? ", front-end bound" : "";
        return new Chart.Bar(
                medium + ": " + spec.title(),
                ratio(),
                OptionalDouble.of(bar()),
                verdict().colour(),
                String.format(
                        Locale.ROOT,
                        "%.2f: %,.0f by %,.0f%s",
                        ratio(),
                        median(Contender.RINGFENCE).iops(),
                        median(better()).iops(),
                        bound));
    }
}
