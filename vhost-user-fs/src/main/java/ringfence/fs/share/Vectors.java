package ringfence.fs.share;

import java.lang.foreign.MemorySegment;
import ringfence.linux.Fd;
import ringfence.linux.Files;
import ringfence.linux.IoVec;
import ringfence.virtio.queue.ChainCursor;

/** Moves data between a file and a chain's buffers, without a copy of our own. One owner thread. */
final class Vectors {
    /** UIO_MAXIOV. */
    private static final int MAX = 1024;
    /** Buffers of a chain beyond the queue's size: where one crosses a region, it is split. */
    private static final int SPLITS = 16;

    private static final int FIRST = 64;

    private final int most;
    private IoVec vector = new IoVec(FIRST);

    /** @param queueSize most entries of the queue */
    Vectors(int queueSize) {
        most = queueSize + SPLITS;
    }

    /**
     * Reads into the device-writable part.
     *
     * @param at where in that part
     * @param bytes how many at most, as far as there is room
     * @return how many, less only at the file's end; or minus the errno, if there was none
     */
    long read(Files files, Fd file, ChainCursor chain, long at, long bytes, long offset) {
        int first = chain.readable();
        long skip = at;
        while (first < chain.count() && skip >= chain.length(first)) {
            skip -= chain.length(first++);
        }
        if (first < chain.count() && chain.length(first) - skip >= bytes) {
            MemorySegment segment = chain.segment(first);
            return files.tryRead(file, segment, chain.offset(first) + skip, bytes, offset);
        }
        long done = 0;
        while (done < bytes) {
            begin(chain);
            long asked = chain.fillWritable(vector, at + done, bytes - done);
            long result = asked == 0 ? 0 : files.tryRead(file, trimmed(), offset + done, 0);
            if (result <= 0) {
                return done > 0 ? done : result;
            }
            done += result;
            if (result < asked && vector.count() < MAX) {
                break;
            }
        }
        return done;
    }

    /** Writes from the device-readable part; as {@link #read}. @param flags RWF_ bits */
    long write(Files files, Fd file, ChainCursor chain, long at, long bytes, long offset, int flags) {
        int first = 0;
        long skip = at;
        while (first < chain.readable() && skip >= chain.length(first)) {
            skip -= chain.length(first++);
        }
        if (flags == 0 && first < chain.readable() && chain.length(first) - skip >= bytes) {
            MemorySegment segment = chain.segment(first);
            return files.tryWrite(file, segment, chain.offset(first) + skip, bytes, offset);
        }
        long done = 0;
        while (done < bytes) {
            begin(chain);
            long asked = chain.fillReadable(vector, at + done, bytes - done);
            long result = asked == 0 ? 0 : files.tryWrite(file, trimmed(), offset + done, flags);
            if (result <= 0) {
                return done > 0 ? done : result;
            }
            done += result;
            if (result < asked && vector.count() < MAX) {
                break;
            }
        }
        return done;
    }

    private void begin(ChainCursor chain) {
        if (vector.capacity() < chain.count()) {
            vector = new IoVec(Math.max(chain.count(), Math.min(most, Integer.highestOneBit(chain.count()) << 1)));
        }
        vector.clear();
    }

    private IoVec trimmed() {
        if (vector.count() > MAX) {
            vector.removeLast(vector.count() - MAX);
        }
        return vector;
    }
}
