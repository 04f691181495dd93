package ringfence.vmm.legacy;

/** An interrupt line of the machine. Any thread may set it; it does not block and calls nobody back. */
@FunctionalInterface
public interface IrqLine {
    /** Puts the line high (asserted) or low. Setting it to what it is has no effect. */
    void set(boolean high);
}
