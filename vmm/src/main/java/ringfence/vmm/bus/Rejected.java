package ringfence.vmm.bus;

/**
 * Nobody answers at that address, or not at that width: a write has no effect, and a read has put all ones of its width
 * into the {@link ReadValue}, as a real bus floats high.
 */
public enum Rejected implements Access {
    /** The only one. */
    REJECTED
}
