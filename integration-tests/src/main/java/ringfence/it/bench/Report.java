package ringfence.it.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Prints rows as a table, and writes them as JSON. */
final class Report {
    private Report() {}

    static void head(PrintStream out) {
        out.printf(
                "%-6s %-36s %10s %10s %10s %10s %6s %5s %6s%n",
                "medium", "load", "ringfence", "qsd uring", "qsd thr.", "ceiling", "ratio", "bar", "cpu");
    }

    static void line(PrintStream out, Row row) {
        out.printf(
                Locale.ROOT,
                "%-6s %-36s %10.0f %10.0f %10.0f %10.0f %6.2f %5.1f %6.2f  %s%n",
                row.medium,
                row.spec.title(),
                row.median(Contender.RINGFENCE).iops(),
                row.median(Contender.QEMU_URING).iops(),
                row.median(Contender.QEMU_THREADS).iops(),
                row.median(Contender.NULL).iops(),
                row.ratio(),
                row.bar(),
                row.cpuRatio(),
                verdict(row));
        for (Contender contender : Contender.values()) {
            LoadResult median = row.median(contender);
            out.printf(
                    Locale.ROOT,
                    "         %-12s p50 %8.1f µs  p99 %8.1f µs  cpu/io %7.2f µs%n",
                    contender.label(),
                    median.p50() / 1e3,
                    median.p99() / 1e3,
                    median.cpuPerIo() / 1e3);
        }
    }

    private static String verdict(Row row) {
        Spread spread = row.spread();
        String between = String.format(Locale.ROOT, " (%.2f to %.2f)", spread.low(), spread.high());
        String disturbed = row.disturbed() == 0 ? "" : ", " + row.disturbed() + " runs disturbed";
        return row.verdict().words() + between + disturbed;
    }

    static void json(Path file, Circumstances where, List<Row> rows, List<String> verification) throws IOException {
        StringBuilder json = new StringBuilder(String.format(
                "{%n  \"commit\": \"%s\",%n  \"date\": \"%s\",%n  \"machine\": \"%s\",%n  \"load\": %s,%n"
                        + "  \"peer\": \"%s\",%n  \"rows\": [",
                where.commit(), where.date(), where.machine(), where.load(), where.peer()));
        String separator = "\n";
        for (Row row : rows) {
            json.append(separator).append(row(row));
            separator = ",\n";
        }
        json.append("\n  ],\n  \"verification\": [");
        separator = "\n";
        for (String line : verification) {
            json.append(separator).append("    \"").append(line).append('"');
            separator = ",\n";
        }
        Files.writeString(file, json.append("\n  ]\n}\n").toString());
    }

    private static String row(Row row) {
        StringBuilder json = new StringBuilder(String.format(
                Locale.ROOT,
                "    {\"medium\": \"%s\", \"operation\": \"%s\", \"depth\": %d, \"queues\": %d, \"notify\": \"%s\","
                    + " \"ratio\": %.3f, \"between\": [%.3f, %.3f], \"verdict\": \"%s\", \"cpuRatio\": %.3f, \"bar\":"
                    + " %.1f, \"frontEndBound\": %b, \"disturbedRuns\": %d",
                row.medium,
                row.spec.write() ? "write" : "read",
                row.spec.depth(),
                row.spec.queues(),
                row.spec.polling() ? "polling" : "eventfd",
                row.ratio(),
                row.spread().low(),
                row.spread().high(),
                row.verdict().words(),
                row.cpuRatio(),
                row.bar(),
                row.isFrontEndBound(),
                row.disturbed()));
        for (Contender contender : Contender.values()) {
            LoadResult median = row.median(contender);
            json.append(String.format(
                    Locale.ROOT,
                    ", \"%s\": {\"iops\": %.0f, \"p50ns\": %.0f, \"p99ns\": %.0f, \"cpuPerIoNs\": %.0f, \"runs\": %s}",
                    contender.label(),
                    median.iops(),
                    median.p50(),
                    median.p99(),
                    median.cpuPerIo(),
                    row.iops(contender).stream().map(Math::round).toList()));
        }
        return json.append('}').toString();
    }
}
