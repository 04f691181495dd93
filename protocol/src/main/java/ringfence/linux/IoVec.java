package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct iovec { void *iov_base; size_t iov_len; }[capacity]} in native memory, reused from call to call. Not
 * safe for concurrent use. It does not keep the memory that it names alive: its user does, until the call has ended.
 */
public final class IoVec {
    private static final int SIZE = 16;

    private final MemorySegment entries;
    private final int capacity;
    private int count;

    /** An empty vector for up to {@code capacity} entries (the kernel takes 1024). */
    public IoVec(int capacity) {
        this.capacity = capacity;
        entries = Arena.ofAuto().allocate((long) SIZE * capacity, 8);
    }

    /** Forgets all entries. */
    public void clear() {
        count = 0;
    }

    /** Appends {@code length} bytes of {@code segment} from {@code offset}. */
    public void add(MemorySegment segment, long offset, long length) {
        if (count == capacity || offset < 0 || length < 0 || offset > segment.byteSize() - length) {
            throw new IndexOutOfBoundsException(
                    "entry " + count + ": offset=" + offset + " length=" + length + " of " + segment.byteSize());
        }
        long at = (long) SIZE * count++;
        entries.set(ValueLayout.JAVA_LONG, at, segment.address() + offset);
        entries.set(ValueLayout.JAVA_LONG, at + 8, length);
    }

    /**
     * Replaces all entries by the first bytes of another vector.
     *
     * @param bytes how many at most, 0 or above; its last entry is cut where needed
     * @return how many there were
     * @throws IndexOutOfBoundsException if this vector has less room than the other has entries
     */
    public long setPrefix(IoVec of, long bytes) {
        if (of.count > capacity) {
            throw new IndexOutOfBoundsException("capacity=" + capacity + " entries=" + of.count);
        }
        count = 0;
        long left = bytes;
        while (count < of.count && left > 0) {
            long at = (long) SIZE * count;
            long length = Math.min(left, of.length(count));
            entries.set(ValueLayout.JAVA_LONG, at, of.entries.get(ValueLayout.JAVA_LONG, at));
            entries.set(ValueLayout.JAVA_LONG, at + 8, length);
            left -= length;
            count++;
        }
        return bytes - left;
    }

    /** Drops the first {@code bytes} bytes, after a short read or write. */
    public void advance(long bytes) {
        int first = 0;
        long left = bytes;
        while (first < count && left >= length(first)) {
            left -= length(first++);
        }
        if (first > 0) {
            MemorySegment.copy(entries, (long) SIZE * first, entries, 0, (long) SIZE * (count - first));
            count -= first;
        }
        if (left > 0) {
            entries.set(ValueLayout.JAVA_LONG, 0, entries.get(ValueLayout.JAVA_LONG, 0) + left);
            entries.set(ValueLayout.JAVA_LONG, 8, length(0) - left);
        }
    }

    /** Drops whole entries at the beginning. */
    public void removeFirst(int entriesGone) {
        check(entriesGone);
        MemorySegment.copy(entries, (long) SIZE * entriesGone, entries, 0, (long) SIZE * (count - entriesGone));
        count -= entriesGone;
    }

    /** Drops whole entries at the end. */
    public void removeLast(int entriesGone) {
        check(entriesGone);
        count -= entriesGone;
    }

    private void check(int entriesGone) {
        if (entriesGone < 0 || entriesGone > count) {
            throw new IndexOutOfBoundsException("entries=" + entriesGone + " of " + count);
        }
    }

    /** Number of entries. */
    public int count() {
        return count;
    }

    /** Most entries. */
    public int capacity() {
        return capacity;
    }

    /** Whether every address and length is a multiple of {@code alignment}, a power of two. */
    public boolean isAligned(int alignment) {
        long all = 0;
        for (int i = 0; i < count; i++) {
            all |= entries.get(ValueLayout.JAVA_LONG, (long) SIZE * i) | length(i);
        }
        return (all & alignment - 1) == 0;
    }

    /** Sum of the lengths. */
    public long bytes() {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += length(i);
        }
        return sum;
    }

    private long length(int entry) {
        return entries.get(ValueLayout.JAVA_LONG, (long) SIZE * entry + 8);
    }

    /** Address of the array, for a system call. */
    public long address() {
        return entries.address();
    }
}
