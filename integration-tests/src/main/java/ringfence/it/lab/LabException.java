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

    /**
     * Whether a guest of our VMM has ended by a triple fault. QEMU's emulation below the lab loses code and registers now and
     * then, in guests as in L1, so one such end says nothing yet; a second one of the same test does.
     */
    public boolean guestIsLost() {
        return getMessage().contains("triple fault on vCPU");
    }

    /** The same with what the VMM has said, which may be that its guest has ended. */
    public LabException withWords(String ofTheVmm) {
        LabException more = new LabException(getMessage() + "\nThe VMM has said:\n" + ofTheVmm, this);
        return more.guestIsLost() && !guestIsLost() && !(this instanceof HostDiedException) ? more : this;
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
