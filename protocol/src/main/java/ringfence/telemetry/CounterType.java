package ringfence.telemetry;

/**
 * A kind of counter. What it says is in the file, so that readers need not know it.
 *
 * @param id its number in files, above 0, never used for anything else: 1 to 99 what every daemon counts, from 100 on a
 *     program's own
 * @param label its name in files and tables, without spaces, such as {@code packets}; {@code exits/mmio} is one of many that
 *     add up. A total of bytes that pass is called {@code bytes}, or ends in {@code -bytes}
 * @param kind what kind of number it is
 * @param help what it counts, for people: ASCII, at most 200 characters, without a full stop
 */
public record CounterType(int id, String label, CounterKind kind, String help) {
    /** A total. */
    public CounterType(int id, String label, String help) {
        this(id, label, CounterKind.TOTAL, help);
    }
}
