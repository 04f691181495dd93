package ringfence.telemetry;

/** A kind of counter: a constant of a program's enum. What it says is in the file, so that readers need not know it. */
public interface CounterType {
    /** Its number in files, above 0, never used for anything else: 1 to 99 what every daemon counts, from 100 on a program's own. */
    int id();

    /**
     * Its name in files and tables, without spaces, such as {@code packets}; {@code exits/mmio} is one of many that add up. A
     * total of bytes that pass is called {@code bytes}, or ends in {@code -bytes}.
     */
    String label();

    /** What it counts, for people: ASCII, at most 200 characters, without a full stop. */
    String help();

    /** What kind of number it is. */
    default CounterKind kind() {
        return CounterKind.TOTAL;
    }
}
