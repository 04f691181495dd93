package ringfence.vmm.pci;

/** A function cannot be where it was wanted: the slot is taken, there is no slot, no room for a BAR. */
public final class PciException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** With the reason, one line. */
    public PciException(String message) {
        super(message);
    }
}
