package ringfence.it.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import ringfence.option.Json;

/**
 * What was measured of us, and of others beside us; smaller is better. Without others, the bar is in the unit itself.
 *
 * @param title what was measured
 * @param unit of the figures
 * @param samples by contender; ours are {@link #OURS}
 * @param bar the most that our median may be, as a multiple of the best other one's; empty: only shown
 */
record BootRow(String title, String unit, Samples samples, OptionalDouble bar) {
    static final String OURS = "ringfence";

    double ours() {
        return samples.median(OURS);
    }

    /** Our median by the best other one's, or by one unit. */
    double ratio() {
        return ours() / best();
    }

    private double best() {
        return others().stream().mapToDouble(samples::median).min().orElse(1);
    }

    /** All but us, the best first. */
    List<String> others() {
        List<String> others = new ArrayList<>(samples.contenders());
        others.remove(OURS);
        others.sort(Comparator.comparingDouble(samples::median));
        return others;
    }

    boolean isMet() {
        return bar.isEmpty() || ratio() <= bar.getAsDouble();
    }

    Json json() {
        Map<String, Json> medians = new TreeMap<>();
        Map<String, Json> all = new TreeMap<>();
        for (String contender : samples.contenders()) {
            medians.put(contender, number(samples.median(contender)));
            all.put(
                    contender,
                    new Json.Arr(
                            samples.of(contender).stream().map(BootRow::number).toList()));
        }
        return Json.object(
                "row",
                title,
                "unit",
                unit,
                "median",
                new Json.Obj(medians),
                "ratio",
                number(ratio()),
                "bar",
                bar.isPresent() ? number(bar.getAsDouble()) : null,
                "met",
                isMet(),
                "runs",
                new Json.Obj(all));
    }

    private static Json number(double value) {
        return new Json.Num(String.format(java.util.Locale.ROOT, "%.3f", value));
    }
}
