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
}
