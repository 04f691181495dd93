package ringfence.vmm.bus;

/** The access took effect; a read has put its value into the {@link ReadValue}. */
public enum Done implements Access {
    /** The only one. */
    DONE
}
