package ringfence.blk.engine;

/**
 * How a device presents itself, beside what its image dictates.
 *
 * @param queues number of queues, 1 to 256
 * @param queueSize most descriptors of a queue, a power of two from 2 to 1024
 * @param serial what GET_ID answers, at most 20 bytes of ASCII
 * @param choice which engine
 * @param resizable whether the front-end may set the capacity
 * @param sparse whether the image may have holes, and get more of them by discards
 */
public record BlkOptions(
        int queues, int queueSize, String serial, EngineChoice choice, boolean resizable, boolean sparse) {
    /** Most queues. */
    public static final int MAX_QUEUES = 256;
    /** Most descriptors of a queue; a chain of that many buffers still fits one system call (IOV_MAX). */
    public static final int MAX_QUEUE_SIZE = 1024;
    /** Most bytes of a serial number. */
    public static final int MAX_SERIAL = 20;

    /** Checks the ranges. */
    public BlkOptions {
        require(queues >= 1 && queues <= MAX_QUEUES, "number of queues is " + queues + ", not 1 to " + MAX_QUEUES);
        require(
                queueSize >= 2 && queueSize <= MAX_QUEUE_SIZE && Integer.bitCount(queueSize) == 1,
                "queue size is " + queueSize + ", not a power of two from 2 to " + MAX_QUEUE_SIZE);
        require(
                serial.length() <= MAX_SERIAL && serial.chars().allMatch(c -> c >= 0x20 && c < 0x7f),
                "serial is not at most " + MAX_SERIAL + " characters of ASCII");
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
