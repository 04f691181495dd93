package ringfence.vmm.bus;

/**
 * What answers at a range of port or memory addresses.
 *
 * <p>Called by vCPU threads, several at a time. It never blocks and never allocates by a size that the guest chose;
 * what has to wait is answered with a {@link Deferred}.
 */
public interface BusDevice {
    /**
     * Reads a register. Puts the value into {@code into}, also when it answers {@link Rejected} (see {@link
     * ReadValue#rejected(int)}).
     *
     * @param offset from the start of the range; offset + width lies within it
     * @param width 1, 2, 4 or 8 bytes; the guest chooses, aligned or not
     */
    Access read(long offset, int width, ReadValue into);

    /**
     * Writes a register.
     *
     * @param offset from the start of the range; offset + width lies within it
     * @param width 1, 2, 4 or 8 bytes; the guest chooses, aligned or not
     * @param value of that width; the bits above are zero
     */
    Access write(long offset, int width, long value);
}
