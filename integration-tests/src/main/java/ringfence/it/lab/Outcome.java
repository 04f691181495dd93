package ringfence.it.lab;

/**
 * How a program ended.
 *
 * @param command what was started
 * @param status its exit status, or 128 and the signal that killed it
 * @param out all of its standard output
 * @param err all of its standard error
 */
public record Outcome(Command command, int status, String out, String err) {
    /** This outcome where the status is 0; throws {@link LabException} with all that was printed where it is not. */
    public Outcome orThrow() {
        if (status != 0) {
            throw new LabException(toString());
        }
        return this;
    }

    /** Standard output without white space around it. */
    public String text() {
        return out.strip();
    }

    @Override
    public String toString() {
        return "status " + status + " of: " + command + "\n--- out\n" + out + "--- err\n" + err;
    }
}
