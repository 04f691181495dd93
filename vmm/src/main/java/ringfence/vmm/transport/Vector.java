package ringfence.vmm.transport;

/** One entry of the MSI-X table and what has become of it. Guarded by the monitor of {@link Msix}. */
final class Vector {
    private static final int MASKED = 1;
    private static final int NO_GSI = -1;
    private static final long INTERRUPTS = 0xFEE0_0000L;
    private static final long INTERRUPTS_MASK = 0xFFF0_0000L;

    private int addressLow;
    private int addressHigh;
    private int data;
    private boolean masked = true;
    private int gsi = NO_GSI;
    private long routedAddress;
    private int routedData;
    private boolean routed;
    /** Whether its sources raise it by themselves now. */
    boolean live;

    /** Reads double word 0 to 3 of the entry (PCI Local Bus 3.0, 6.8.2.6 to 6.8.2.9). */
    int word(int word) {
        return switch (word) {
            case 0 -> addressLow;
            case 1 -> addressHigh;
            case 2 -> data;
            default -> masked ? MASKED : 0;
        };
    }

    void word(int word, int value) {
        switch (word) {
            case 0 -> addressLow = value & ~3;
            case 1 -> addressHigh = value;
            case 2 -> data = value;
            default -> masked = (value & MASKED) != 0;
        }
    }

    long address() {
        return (long) addressHigh << 32 | addressLow & 0xFFFF_FFFFL;
    }

    int data() {
        return data;
    }

    /** Whether the guest lets it be raised, and with a message that reaches interrupt controllers and nothing else. */
    boolean isDeliverable() {
        return !masked && (address() & INTERRUPTS_MASK) == INTERRUPTS && (addressHigh & 0xFF) == 0;
    }

    int gsi() {
        return gsi;
    }

    boolean isRouted() {
        return routed;
    }

    /**
     * Has a GSI carry its message, if there is a GSI left.
     *
     * @return whether routes must be committed
     */
    boolean route(MsiRouter router) {
        if (gsi == NO_GSI) {
            gsi = router.allocate();
        }
        if (gsi == NO_GSI || routed && routedAddress == address() && routedData == data) {
            return false;
        }
        routedAddress = address();
        routedData = data;
        routed = true;
        router.route(gsi, routedAddress, routedData);
        return true;
    }

    void free(MsiRouter router) {
        if (gsi != NO_GSI) {
            router.free(gsi);
            gsi = NO_GSI;
            routed = false;
        }
    }

    /** As after power-on. Its GSI stays, but the next boot's VM knows no route of it. */
    void reset() {
        routed = false;
        addressLow = 0;
        addressHigh = 0;
        data = 0;
        masked = true;
    }
}
