package ringfence.blk.engine;

import java.lang.foreign.MemorySegment;
import ringfence.blk.request.BlkRequest;
import ringfence.blk.request.Operation;
import ringfence.linux.IoVec;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * The data of a read or write: where in guest memory, where in the image, how much is left. Either one piece of
 * memory, or an I/O vector. Reused; one owner thread. The guest's memory stays mapped as long as the queue runs.
 */
final class Transfer {
    private static final int FIRST_VECTOR = 16;

    private final int maxVector;
    private IoVec vector;
    private IoVec piece;
    private boolean vectored;
    private MemorySegment segment;
    private long at;
    private long fileOffset;
    private long left;

    /** @param maxVector most buffers of a chain */
    Transfer(int maxVector) {
        this.maxVector = maxVector;
    }

    /**
     * Begins a request's transfer.
     *
     * @param asVector use a vector even for one piece
     */
    void begin(ChainCursor chain, BlkRequest request, boolean asVector) {
        boolean reading = request.operation() == Operation.READ;
        long skip = reading ? 0 : BlkLayout.HEADER;
        int first = reading ? chain.readable() : 0;
        while (skip >= chain.length(first)) {
            skip -= chain.length(first++);
        }
        fileOffset = request.offset();
        left = request.bytes();
        vectored = asVector || chain.length(first) - skip < left;
        if (vectored) {
            IoVec into = vector(chain.count());
            if (reading) {
                chain.fillWritable(into, 0, left);
            } else {
                chain.fillReadable(into, BlkLayout.HEADER, left);
            }
        } else {
            segment = chain.segment(first);
            at = chain.offset(first) + skip;
        }
    }

    /** An empty vector for that many entries; it only grows, up to the longest chain. */
    private IoVec vector(int entries) {
        if (vector == null || vector.capacity() < entries) {
            vector = new IoVec(Math.min(maxVector, Math.max(FIRST_VECTOR, Integer.highestOneBit(entries) << 1)));
        }
        vector.clear();
        return vector;
    }

    /** Whether addresses and lengths are multiples of {@code alignment}, a power of two. */
    boolean isAligned(int alignment) {
        return vectored ? vector.isAligned(alignment) : (segment.address() + at & alignment - 1) == 0;
    }

    /**
     * The next piece of a vectored transfer, as a vector of its own if it is not all of the rest.
     *
     * @param bytes most bytes of it, a multiple of the block size
     */
    IoVec piece(int bytes) {
        if (left <= bytes) {
            return vector;
        }
        if (piece == null || piece.capacity() < vector.capacity()) {
            piece = new IoVec(vector.capacity()); // for guests that ask for more at a time than Linux does
        }
        piece.setPrefix(vector, bytes);
        return piece;
    }

    /** Takes note that the first bytes are done. */
    void advance(long bytes) {
        left -= bytes;
        fileOffset += bytes;
        if (vectored) {
            vector.advance(bytes);
        } else {
            at += bytes;
        }
    }

    boolean isVectored() {
        return vectored;
    }

    /** For a vectored transfer: what is left. */
    IoVec vector() {
        return vector;
    }

    /** For one piece: its segment. */
    MemorySegment segment() {
        return segment;
    }

    /** For one piece: where in the segment the rest begins. */
    long at() {
        return at;
    }

    /** Where in the image the rest begins. */
    long fileOffset() {
        return fileOffset;
    }

    /** Bytes left. */
    long left() {
        return left;
    }
}
