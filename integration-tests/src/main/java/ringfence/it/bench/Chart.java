package ringfence.it.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Draws the rows as bars: requests per second, a group a row. */
final class Chart {
    private static final int LEFT = 330;
    private static final int WIDTH = 620;
    private static final int BAR = 9;
    private static final int GAP = 12;
    private static final String[] COLOURS = {"#1b6ca8", "#d98032", "#8d8d8d", "#e3e3e3"};

    private Chart() {}

    static void write(Path file, List<Row> rows) throws IOException {
        Contender[] contenders = Contender.values();
        double most = rows.stream()
                .flatMapToDouble(row -> java.util.Arrays.stream(contenders)
                        .filter(c -> c != Contender.NULL)
                        .mapToDouble(c -> row.median(c).iops()))
                .max()
                .orElse(1);
        int group = contenders.length * BAR + GAP;
        int height = 60 + rows.size() * group;
        StringBuilder svg = new StringBuilder(String.format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
                        + "font-size=\"11\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n"
                        + "<text x=\"10\" y=\"20\" font-size=\"14\">4 KiB random I/O over vhost-user-blk, "
                        + "requests per second</text>%n",
                LEFT + WIDTH + 110, height));
        for (int i = 0; i < contenders.length; i++) {
            int x = LEFT + 130 * i;
            svg.append(String.format(
                    "<rect x=\"%d\" y=\"30\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%d\""
                            + " y=\"39\">%s</text>%n",
                    x, COLOURS[i], x + 14, contenders[i].label()));
        }
        int y = 55;
        for (Row row : rows) {
            svg.append(String.format(
                    "<text x=\"10\" y=\"%d\">%s: %s</text>%n", y + 2 * BAR, row.medium, row.spec.title()));
            for (int i = 0; i < contenders.length; i++) {
                double iops = row.median(contenders[i]).iops();
                double length = Math.min(WIDTH, WIDTH * iops / most);
                svg.append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>"
                                + "<text x=\"%.1f\" y=\"%d\" font-size=\"8\">%.0f</text>%n",
                        LEFT,
                        y + i * BAR,
                        length,
                        BAR - 1,
                        COLOURS[i],
                        LEFT + length + 4,
                        y + i * BAR + 8,
                        iops));
            }
            y += group;
        }
        Files.writeString(file, svg.append("</svg>\n").toString());
    }
}
