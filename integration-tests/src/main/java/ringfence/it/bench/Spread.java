package ringfence.it.bench;

/**
 * Between which values the median of a figure lies, as sure as the runs allow, up to 95 %: an order statistic of the
 * runs, so that nothing is assumed of how they scatter. Five runs or fewer: between the least and the greatest.
 */
record Spread(double low, double high) {
    /** Of these figures, sorted ascending, at least one. */
    static Spread of(double[] sorted) {
        int cut = 0;
        // the chance that more than `cut` of n runs lie on one side of the median, and so outside, is at most 2.5 %
        while (chance(sorted.length, cut + 1) <= 0.025) {
            cut++;
        }
        int from = Math.max(0, cut - 1);
        return new Spread(sorted[from], sorted[sorted.length - 1 - from]);
    }

    /** That fewer than {@code k} of n fair coins show heads. */
    private static double chance(int n, int k) {
        double sum = 0;
        double ways = 1;
        for (int i = 0; i < k; i++) {
            sum += ways;
            ways = ways * (n - i) / (i + 1);
        }
        return sum / Math.pow(2, n);
    }
}
