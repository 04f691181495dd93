package ringfence.telemetry;

/** A kind of counter: a constant of a program's enum. */
public interface CounterType {
    /** Its number in files, above 0, never used for anything else: 1 to 99 what every daemon counts, from 100 on a program's own. */
    int id();

    /** Its name in files and tables, without spaces, such as {@code packets}. */
    String label();
}
