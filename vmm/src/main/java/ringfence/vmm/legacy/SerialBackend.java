package ringfence.vmm.legacy;

/** Where a serial port's output goes. Called by vCPU threads with the port's monitor held: it never blocks. */
public interface SerialBackend {
    /** Takes a byte; if there is no room left at all, drops it and counts it. */
    void transmit(int value);

    /** Whether output piles up: the port then holds back its "transmitter empty" interrupt. */
    boolean isCongested();

    /** Names who is told, by any thread and with no lock held, when congestion is over. Called once. */
    void onRelief(Runnable action);
}
