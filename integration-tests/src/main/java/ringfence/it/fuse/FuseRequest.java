package ringfence.it.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** Writes requests into slots of guest memory, one after another. Allocates nothing where it is given bytes. */
public final class FuseRequest {
    private final MemorySegment ram;
    private long start;
    private int length;
    private int opcode;
    private long node;

    /** @param ram of a {@link FuseGuest} */
    public FuseRequest(MemorySegment ram) {
        this.ram = ram;
    }

    /** Begins with struct fuse_in_header. */
    public FuseRequest begin(long at, int code, long unique, long nodeId, int uid, int gid) {
        start = at;
        opcode = code;
        node = nodeId;
        length = 4;
        return u32(code).u64(unique).u64(nodeId).u32(uid).u32(gid).u32(1).u32(0);
    }

    public FuseRequest u32(int value) {
        ram.set(ValueLayout.JAVA_INT_UNALIGNED, start + length, value);
        length += 4;
        return this;
    }

    public FuseRequest u64(long value) {
        ram.set(ValueLayout.JAVA_LONG_UNALIGNED, start + length, value);
        length += 8;
        return this;
    }

    public FuseRequest bytes(byte[] value) {
        MemorySegment.copy(value, 0, ram, ValueLayout.JAVA_BYTE, start + length, value.length);
        length += value.length;
        return this;
    }

    /** A name and its NUL. */
    public FuseRequest name(byte[] name) {
        bytes(name);
        ram.set(ValueLayout.JAVA_BYTE, start + length, (byte) 0);
        length++;
        return this;
    }

    public FuseRequest name(String name) {
        return name(name.getBytes(StandardCharsets.UTF_8));
    }

    /** FUSE_EXT_GROUPS, the last thing in a request: the directory's group, in which its user is. */
    public FuseRequest group(int gid) {
        ram.set(ValueLayout.JAVA_SHORT_UNALIGNED, start + 36, (short) 2); // words of 8 bytes
        return u32(16).u32(32).u32(1).u32(gid);
    }

    /** Bytes so far, header included. */
    public int length() {
        return length;
    }

    public int opcode() {
        return opcode;
    }

    public long node() {
        return node;
    }

    /** Writes the header's length. @param data bytes that follow elsewhere */
    public FuseRequest end(int data) {
        ram.set(ValueLayout.JAVA_INT_UNALIGNED, start, length + data);
        return this;
    }

    /** Writes a length that need not be true. */
    public FuseRequest claim(int bytes) {
        ram.set(ValueLayout.JAVA_INT_UNALIGNED, start, bytes);
        return this;
    }
}
