package ringfence.net.engine;

import java.lang.foreign.MemorySegment;
import ringfence.net.packet.Drop;
import ringfence.virtio.queue.ChainCursor;

/** Where the frames of a transmit queue go, each after its chain and its header have been checked. The queue's worker only. */
public interface FrameSink extends AutoCloseable {
    /** Pieces of a frame that one call takes (IOV_MAX), less one for what comes before it. */
    int MAX_PIECES = 1023;

    /** Bytes of the shortest frame. */
    int shortest();

    /** Bytes of the longest frame. */
    int longest();

    /** Private memory for the header, twelve bytes or more. */
    MemorySegment head();

    /**
     * Copies a frame's header into the head, and more of the frame behind its twelve bytes, if this wants to see it.
     *
     * @param headerSize bytes of the header, 10 or 12
     * @param frame bytes of the frame
     * @return bytes of the frame that are in the head
     */
    default int fetch(ChainCursor chain, int headerSize, int frame) {
        chain.copyIn(0, head(), 0, headerSize);
        return 0;
    }

    /**
     * Sends it: what was fetched out of the head, the rest out of the chain, which its driver may change meanwhile.
     *
     * @param present what {@link #fetch} has said
     * @return why it was lost; null: it was not
     */
    Drop send(ChainCursor chain, int headerSize, int present, int frame);

    /** The batch is over. */
    default void flush() {}

    /** The queue has stopped. */
    @Override
    void close();
}
