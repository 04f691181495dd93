package ringfence.vmm.legacy;

/**
 * Bytes on their way into a serial port: those in its FIFO, which the driver may clear, and a backlog before it, which
 * it may not. Not safe for concurrent use.
 */
final class ReceiveQueue {
    static final int FIFO = 16;
    private static final int BACKLOG = 4096;

    private final byte[] ring = new byte[BACKLOG];
    private int head;
    private int count; // in all, those in the FIFO included
    private int inFifo;

    /** Takes bytes into the backlog. @return how many had room */
    int offer(byte[] from, int offset, int length) {
        int taken = Math.min(length, BACKLOG - count);
        for (int i = 0; i < taken; i++) {
            put(from[offset + i]);
        }
        return taken;
    }

    /** Takes one byte, for which there is room. */
    void put(int value) {
        ring[(head + count) % BACKLOG] = (byte) value;
        count++;
    }

    /** Lets the FIFO fill from the backlog. */
    void refill() {
        inFifo = Math.min(FIFO, count);
    }

    /** The oldest byte of the FIFO, which must not be empty. */
    int take() {
        int value = ring[head] & 0xFF;
        head = (head + 1) % BACKLOG;
        count--;
        inFifo--;
        return value;
    }

    /** Bytes that the driver could read now. */
    int available() {
        return inFifo;
    }

    /** Empties the FIFO. */
    void clearFifo() {
        while (inFifo > 0) {
            take();
        }
    }
}
