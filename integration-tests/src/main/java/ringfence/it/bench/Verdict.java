package ringfence.it.bench;

/** How a row of a report stands to its bar. */
enum Verdict {
    /** As fast as asked for, and in memory no dearer than the peer. */
    MET("ok", Chart.PASSED),
    /** The median is below the bar, but by less than the rounds differ from each other. */
    WITHIN_NOISE("below the bar, within noise", "#e08e0b"),
    /** The bar is missed. */
    BELOW("BELOW THE BAR", Chart.MISSED),
    /** The front-end, not a daemon, was the limit of one of the two: counts neither way. */
    FRONT_END_BOUND("front-end bound", Chart.BOUND);

    private final String words;
    private final String colour;

    Verdict(String words, String colour) {
        this.words = words;
        this.colour = colour;
    }

    /** For the table. */
    String words() {
        return words;
    }

    /** For the chart. */
    String colour() {
        return colour;
    }
}
