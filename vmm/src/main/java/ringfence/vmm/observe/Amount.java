package ringfence.vmm.observe;

import java.util.Locale;

/** Numbers for people, in at most five characters. */
final class Amount {
    private static final String BINARY = " KMGTPE";
    private static final String DECIMAL = " kMGTPE";

    private Amount() {}

    /** {@code 1.5G}: bytes by 1024. */
    static String bytes(double bytes) {
        return scaled(bytes, 1024, BINARY);
    }

    /** {@code 12.3k}: by 1000. */
    static String count(double count) {
        return scaled(count, 1000, DECIMAL);
    }

    /** {@code 85us}, {@code 1.2ms}, {@code 3.0s}; {@code -}: nothing was timed. */
    static String time(double nanos) {
        if (Double.isNaN(nanos)) {
            return "-";
        }
        double micros = nanos / 1e3;
        if (micros < 1000) {
            return String.format(Locale.ROOT, "%.0fus", micros);
        }
        return micros < 1e6
                ? String.format(Locale.ROOT, "%.1fms", micros / 1e3)
                : String.format(Locale.ROOT, "%.1fs", micros / 1e6);
    }

    private static String scaled(double number, int step, String units) {
        int unit = 0;
        double left = number;
        while (left >= step && unit < units.length() - 1) {
            left /= step;
            unit++;
        }
        String suffix = unit == 0 ? "" : units.substring(unit, unit + 1);
        return String.format(Locale.ROOT, left >= 100 || unit == 0 ? "%.0f%s" : "%.1f%s", left, suffix);
    }
}
