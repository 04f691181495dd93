package ringfence.vmm.plan;

/** A machine cannot be planned as it was configured. The message is one line for the user. */
public final class PlanException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With what is wrong. */
    public PlanException(String message) {
        super(message);
    }
}
