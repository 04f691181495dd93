package ringfence.vmm.observe;

import java.util.ArrayList;
import java.util.List;

/** Lines of a table whose columns are as wide as what is in them; the last one is as long as it is. */
final class Columns {
    private final List<String[]> rows = new ArrayList<>();

    Columns row(String... cells) {
        rows.add(cells);
        return this;
    }

    List<String> lines() {
        int[] widths = new int[rows.stream().mapToInt(row -> row.length).max().orElse(0)];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(String[] row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.length; i++) {
            line.append(row[i]).append(" ".repeat(widths[i] - row[i].length() + 2));
        }
        return line.toString().stripTrailing();
    }
}
