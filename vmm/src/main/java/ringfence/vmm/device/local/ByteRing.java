package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import ringfence.linux.IoVec;
import ringfence.virtio.queue.ChainCursor;

/** Bytes that wait, in their order and up to a bound. One owner thread. */
final class ByteRing {
    private final MemorySegment bytes;
    private final int capacity;
    private final IoVec vector = new IoVec(2);
    private int begin;
    private int count;

    /** An empty one for so many bytes. */
    ByteRing(int capacity) {
        this.capacity = capacity;
        bytes = Arena.ofAuto().allocate(capacity);
    }

    int count() {
        return count;
    }

    void clear() {
        begin = 0;
        count = 0;
    }

    /** Takes bytes of a chain's readable part. There must be room for them. */
    void add(ChainCursor chain, long from, int length) {
        int end = (begin + count) % capacity;
        int first = Math.min(length, capacity - end);
        chain.copyIn(from, bytes, end, first);
        chain.copyIn(from + first, bytes, 0, length - first);
        count += length;
    }

    /** All of it, for a system call. */
    IoVec all() {
        vector.clear();
        int first = Math.min(count, capacity - begin);
        vector.add(bytes, begin, first);
        if (count > first) {
            vector.add(bytes, 0, count - first);
        }
        return vector;
    }

    /** The first of them are gone. */
    void drop(int length) {
        begin = (begin + length) % capacity;
        count -= length;
    }
}
