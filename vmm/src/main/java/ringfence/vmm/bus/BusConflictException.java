package ringfence.vmm.bus;

/** Two devices would answer at one address. The message names both ranges. */
public final class BusConflictException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With the reason. */
    public BusConflictException(String message) {
        super(message);
    }
}
