package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A file's name in native memory, ended by a zero byte, for calls that allocate nothing: a place in a segment that may
 * change from call to call. Not safe for concurrent use.
 */
public final class Name {
    private MemorySegment segment;
    private long at;

    /** The empty name, which stands for the descriptor itself where a call takes AT_EMPTY_PATH. */
    public Name() {
        this("");
    }

    /** This text, in memory of its own. */
    public Name(String text) {
        segment = CString.in(Arena.ofAuto(), text);
    }

    /**
     * Lets it be another one.
     *
     * @param memory native; there is a zero byte in it, from {@code offset} on
     * @param offset of its first byte
     */
    public Name set(MemorySegment memory, long offset) {
        segment = memory;
        at = offset;
        return this;
    }

    /** The memory that it lies in. */
    public MemorySegment segment() {
        return segment;
    }

    /** Where in the memory it begins. */
    public long at() {
        return at;
    }

    long address() {
        return segment.address() + at;
    }
}
