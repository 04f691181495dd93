package ringfence.it.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Draws rows, one bar each: our figure by that of the better peer, with the bar to be reached. */
final class Chart {
    private static final int LEFT = 270;
    private static final int UNIT = 110;
    private static final int MOST = 5;
    private static final int STEP = 15;
    private static final int TOP = 62;
    static final String PASSED = "#1b6ca8";
    static final String MISSED = "#c0392b";
    static final String BOUND = "#bbbbbb";

    private Chart() {}

    /**
     * One row.
     *
     * @param title what was measured
     * @param ratio our figure by the better peer's
     * @param bar what is asked for; empty: nothing
     * @param colour of {@link #colour}
     * @param text beside the bar
     */
    record Bar(String title, double ratio, OptionalDouble bar, String colour, String text) {}

    /** The colour of a row that counts. */
    static String colour(boolean passed) {
        return passed ? PASSED : MISSED;
    }

    static void write(Path file, String title, Circumstances where, List<Bar> rows) throws IOException {
        int bottom = TOP + rows.size() * STEP;
        StringBuilder svg = new StringBuilder(String.format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
                        + "font-size=\"11\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n"
                        + "<text x=\"10\" y=\"18\" font-size=\"14\">%s</text>%n"
                        + "<text x=\"10\" y=\"34\" fill=\"#555\">%s</text>%n",
                LEFT + MOST * UNIT + 190, bottom + 10, title, where.line()));
        for (int ratio = 0; ratio <= MOST; ratio++) {
            int x = LEFT + ratio * UNIT;
            svg.append(String.format(
                    "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%d\" "
                            + "fill=\"#555\" text-anchor=\"middle\">%d ×</text>%n",
                    x, TOP - 8, x, bottom, x, TOP - 12, ratio));
        }
        for (int i = 0; i < rows.size(); i++) {
            draw(svg, rows.get(i), TOP + i * STEP);
        }
        Files.writeString(file, svg.append("</svg>\n").toString());
    }

    private static void draw(StringBuilder svg, Bar row, int y) {
        double length = Math.min(MOST, row.ratio()) * UNIT;
        double bar = LEFT + row.bar().orElse(0) * UNIT;
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"10\" y=\"%d\">%s</text><rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"10\" "
                        + "fill=\"%s\"/><line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"black\"/>"
                        + "<text x=\"%.1f\" y=\"%d\" font-size=\"9\">%s</text>%n",
                y + 9,
                row.title(),
                LEFT,
                y,
                length,
                row.colour(),
                bar,
                y - 2,
                bar,
                y + 12,
                Math.max(LEFT + length, bar) + 4,
                y + 9,
                row.text()));
    }
}
