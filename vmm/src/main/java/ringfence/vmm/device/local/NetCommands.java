package ringfence.vmm.device.local;

/** What the driver of a network device asks for on its control queue. Called by that queue's thread; never blocks. */
public interface NetCommands {
    /** The features that the driver has taken. */
    long acknowledged();

    /**
     * Uses that many pairs of queues from now on, the first ones.
     *
     * @param count 0 to 65535, unchecked
     * @return false: there are not so many
     */
    boolean pairs(int count);

    /**
     * Gives the device another address.
     *
     * @param mac its 6 bytes; the array is the callee's
     * @return false: it is none that a station may have
     */
    boolean address(byte[] mac);

    /**
     * Sends the driver from now on only what these offloads allow; soon, not at once.
     *
     * @param bits feature bits, unchecked
     * @return false: there is one that cannot be switched or that the driver has not taken
     */
    boolean offloads(long bits);

    /** The driver has announced itself. */
    void announced();
}
