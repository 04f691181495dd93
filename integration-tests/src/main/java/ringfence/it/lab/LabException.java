package ringfence.it.lab;

/** The lab could not do what a test asked; the message says why, with what was seen so far. */
public class LabException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With a message for the person who reads the test report. */
    public LabException(String message) {
        super(message);
    }

    /** With a cause. */
    public LabException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The same again, as an object of its own: one may be thrown while another is on its way. */
    LabException again() {
        return new LabException(getMessage(), this);
    }

    /** What to throw where several callers learn of the same end. */
    static RuntimeException again(RuntimeException why) {
        return why instanceof LabException lab ? lab.again() : why;
    }
}
