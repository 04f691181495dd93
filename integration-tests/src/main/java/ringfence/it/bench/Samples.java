package ringfence.it.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures by contender, in the order in which they came. */
final class Samples {
    private final Map<String, List<Double>> all = new LinkedHashMap<>();

    void add(String contender, double figure) {
        all.computeIfAbsent(contender, _ -> new ArrayList<>()).add(figure);
    }

    boolean has(String contender) {
        return all.containsKey(contender);
    }

    List<String> contenders() {
        return List.copyOf(all.keySet());
    }

    List<Double> of(String contender) {
        return List.copyOf(all.get(contender));
    }

    double median(String contender) {
        return median(all.get(contender).stream().mapToDouble(Double::doubleValue));
    }

    /** The middle one; the upper of two. */
    static double median(java.util.stream.DoubleStream figures) {
        double[] sorted = figures.toArray();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
