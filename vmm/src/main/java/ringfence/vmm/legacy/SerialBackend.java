package ringfence.vmm.legacy;

/** Where a serial port's output goes. Called by vCPU threads with the port's monitor held: it never blocks. */
public interface SerialBackend {
    /** Takes a byte; if there is no room left at all, drops it and counts it. */
    void transmit(int value);

    /** Whether output piles up: the port then holds back its "transmitter empty" interrupt. */
    boolean isCongested();

    /** Names the port whose output it is from now on: each boot has another. */
    void attach(Port port);

    /** What the backend calls of the port, by a thread of its own and with no lock held. */
    interface Port {
        /** Congestion is over. */
        void relieved();

        /** Transmits what is kept elsewhere. @return whether more may come there unseen: look again soon */
        boolean collect();

        /** Nothing has come for long: the backend looks no more, so from now on nothing may be kept elsewhere. */
        void quiet();
    }
}
