package ringfence.fs.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * One reply: header and body, in memory of our own, then in the guest's. Reused; one owner thread; allocates nothing.
 *
 * <p>Body offsets count from behind the header.
 */
public final class FuseReply {
    /** Most bytes of a body that is laid out here; data of a READ is not. */
    public static final int MAX_BODY = 64 << 10;

    private final MemorySegment memory = Arena.ofAuto().allocate(OutLayout.HEADER + MAX_BODY + 8L, 8);
    private int body;
    /** Bytes that are in the guest's memory already, behind the header. */
    private long placed;

    /** A new one, without a body. */
    public void begin(long unique) {
        body = 0;
        placed = 0;
        memory.set(ValueLayout.JAVA_LONG, OutLayout.UNIQUE, unique);
    }

    /** Gives it a body of zeros. @param bytes 0 to {@link #MAX_BODY} */
    public void body(int bytes) {
        memory.asSlice(OutLayout.HEADER, bytes).fill((byte) 0);
        body = bytes;
    }

    /** Gives it a body that has been laid out already, by whoever got {@link #memory}. */
    public void filled(int bytes) {
        body = bytes;
    }

    /** The body is in the guest's memory, behind the header. */
    public void placed(long bytes) {
        placed = bytes;
    }

    /** Sets a word of 2 bytes. */
    public void int16(int at, int value) {
        memory.set(ValueLayout.JAVA_SHORT, OutLayout.HEADER + at, (short) value);
    }

    /** Sets a word of 4 bytes. */
    public void int32(int at, int value) {
        memory.set(ValueLayout.JAVA_INT, OutLayout.HEADER + at, value);
    }

    /** Sets a word of 8 bytes. */
    public void int64(int at, long value) {
        memory.set(ValueLayout.JAVA_LONG, OutLayout.HEADER + at, value);
    }

    /** Memory of the whole; the body begins at {@link OutLayout#HEADER}. */
    public MemorySegment memory() {
        return memory;
    }

    /**
     * Writes the header, after which the first {@link #length} bytes of {@link #memory} are the reply, but for what is
     * {@link #placed}.
     *
     * @param result 0, or minus the errno: then there is no body
     */
    public void finish(int result) {
        if (result < 0) {
            body = 0;
            placed = 0;
        }
        memory.set(ValueLayout.JAVA_INT, OutLayout.LEN, (int) (OutLayout.HEADER + body + placed));
        memory.set(ValueLayout.JAVA_INT, OutLayout.ERROR, result);
    }

    /** Bytes of header and body here. */
    public int length() {
        return OutLayout.HEADER + body;
    }

    /**
     * Gives the guest the reply.
     *
     * @return bytes of the chain that are the reply; 0 if there is no room for a header
     */
    public int send(ChainCursor chain) {
        if (chain.writableBytes() < OutLayout.HEADER) {
            return 0;
        }
        return (int) (chain.copyOut(0, memory, 0, OutLayout.HEADER + (long) body) + placed);
    }

    /**
     * A reply that a log has kept, in place of one laid out here. What it says about its length beyond the kept bytes is in
     * the guest's memory.
     *
     * @param kept bytes at the beginning of {@link #memory}
     */
    public void recalled(int kept) {
        body = kept - OutLayout.HEADER;
        placed = Math.max(0, memory.get(ValueLayout.JAVA_INT, OutLayout.LEN) - kept);
    }
}
