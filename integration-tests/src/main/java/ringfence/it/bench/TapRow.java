package ringfence.it.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.IntStream;
import ringfence.option.Json;

/**
 * What a guest and its host have sent each other over a tap; more is better.
 *
 * @param title which way
 * @param samples Mbit/s by contender, a run of each in turn
 */
record TapRow(String title, Samples samples) {
    static final String OURS = "ringfence";
    static final String THEIRS = "qemu tap";
    private static final double BAR = 1;

    double ratio() {
        return samples.median(OURS) / samples.median(THEIRS);
    }

    private Spread spread() {
        List<Double> ours = samples.of(OURS);
        List<Double> theirs = samples.of(THEIRS);
        return Spread.of(IntStream.range(0, ours.size())
                .mapToDouble(i -> ours.get(i) / theirs.get(i))
                .sorted()
                .toArray());
    }

    Verdict verdict() {
        if (ratio() >= BAR) {
            return Verdict.MET;
        }
        return spread().high() >= BAR ? Verdict.WITHIN_NOISE : Verdict.BELOW;
    }

    String line() {
        return String.format(
                Locale.ROOT,
                "%s: ringfence %.1f Mbit/s, %s %.1f, ratio %.2f (%.2f to %.2f) bar %.1f: %s",
                title,
                samples.median(OURS),
                THEIRS,
                samples.median(THEIRS),
                ratio(),
                spread().low(),
                spread().high(),
                BAR,
                verdict().words());
    }

    Json json() {
        Map<String, Json> runs = new TreeMap<>();
        for (String contender : samples.contenders()) {
            runs.put(
                    contender,
                    new Json.Arr(
                            samples.of(contender).stream().map(TapRow::number).toList()));
        }
        return Json.object(
                "row",
                title,
                "unit",
                "Mbit/s",
                "ratio",
                number(ratio()),
                "low",
                number(spread().low()),
                "high",
                number(spread().high()),
                "bar",
                number(BAR),
                "verdict",
                verdict().words(),
                "runs",
                new Json.Obj(runs));
    }

    private static Json number(double value) {
        return new Json.Num(String.format(Locale.ROOT, "%.3f", value));
    }

    Chart.Bar drawn() {
        String text = String.format(
                Locale.ROOT, "%.2f: %.0f Mbit/s by %.0f", ratio(), samples.median(OURS), samples.median(THEIRS));
        return new Chart.Bar(title, ratio(), OptionalDouble.of(BAR), verdict().colour(), text);
    }
}
