package ringfence.virtio.queue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * vhost's dirty log: one bit per 4 KiB page of guest memory, bit {@code page % 8} of byte {@code page / 8}, set by
 * everybody who writes the page (VHOST_F_LOG_ALL). Any thread may mark; the front-end clears concurrently, so bits are
 * set by an atomic or.
 *
 * <p>The memory must be sealed against shrinking: an atomic access to truncated memory ends the JVM.
 */
public final class DirtyLog {
    /** Bytes per bit. */
    public static final int PAGE = 4096;

    private static final int PAGE_SHIFT = 12;
    private static final VarHandle WORD =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    private final MemorySegment bits;
    private final long pages;

    /**
     * A log in this memory.
     *
     * @param bits aligned to 8, and a multiple of 8 bytes long, as vhost's logs are
     * @throws IllegalArgumentException if it is not
     */
    public DirtyLog(MemorySegment bits) {
        if ((bits.byteSize() & 7) != 0 || (bits.address() & 7) != 0) {
            throw new IllegalArgumentException("dirty log of " + bits.byteSize() + " bytes");
        }
        this.bits = bits;
        pages = bits.byteSize() * 8;
    }

    /** Bytes of a log for guest memory up to {@code guestEnd}. */
    public static long bytesFor(long guestEnd) {
        return (guestEnd + (long) PAGE * 64 - 1) / ((long) PAGE * 64) * 8;
    }

    /** Whether every guest address below {@code guestEnd} has its bit. */
    public boolean covers(long guestEnd) {
        return (guestEnd + PAGE - 1) >>> PAGE_SHIFT <= pages;
    }

    /**
     * Marks the pages of a range that has been written.
     *
     * @param gpa guest address; the caller has checked that the log covers it
     * @param length bytes, 0 or above
     * @throws IndexOutOfBoundsException if the log does not cover it
     */
    public void mark(long gpa, long length) {
        if (length <= 0) {
            return;
        }
        long last = gpa + length - 1 >>> PAGE_SHIFT;
        for (long page = gpa >>> PAGE_SHIFT; page <= last; page++) {
            long bit = 1L << page;
            long at = page >>> 6 << 3;
            // Release: the data come before the bit; the front-end's atomic exchange of the word acquires them. Never
            // "only if it is not set yet": that look could pass before our data are visible, and the page be lost.
            var _ = (long) WORD.getAndBitwiseOrRelease(bits, at, bit);
        }
    }
}
