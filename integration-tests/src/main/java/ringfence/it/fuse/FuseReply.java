package ringfence.it.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** What follows the header of a reply: a view of guest memory, good until the slot's next request. */
public final class FuseReply {
    private final MemorySegment bytes;

    FuseReply(MemorySegment bytes) {
        this.bytes = bytes;
    }

    /** Bytes after the header. */
    public int length() {
        return (int) bytes.byteSize();
    }

    public int u32(int offset) {
        return bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
    }

    public long u64(int offset) {
        return bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
    }

    /** A copy of all of it. */
    public byte[] copy() {
        return bytes.toArray(ValueLayout.JAVA_BYTE);
    }

    /** A part as text. */
    public String text(int offset, int length) {
        return new String(bytes.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    /** Whether it has at least so many bytes, as the request's structure has. @throws IllegalStateException if not */
    FuseReply atLeast(int size) {
        if (length() < size) {
            throw new IllegalStateException("a reply of " + length() + " bytes in place of " + size);
        }
        return this;
    }
}
