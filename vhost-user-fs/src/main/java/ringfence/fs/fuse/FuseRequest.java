package ringfence.fs.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.linux.Errno;
import ringfence.linux.Name;
import ringfence.virtio.queue.ChainCursor;

/**
 * One request, copied out of guest memory and checked as far as that goes without the share. Reused from chain to chain, one
 * owner thread, allocates nothing.
 *
 * <p>Whatever the guest wrote, {@link #read} neither throws nor reads a guest byte twice; the accessors read our copy, and an
 * offset beyond the opcode's structure would be our own mistake.
 */
public final class FuseRequest {
    /** Most bytes of a request, but for the data of a WRITE or a list of what to forget: a value of 64 KiB with its name and structures. */
    public static final int MAX = 40 + 16 + 256 + (64 << 10) + 512;
    /** Longest name of a file. */
    public static final int MAX_NAME = 255;

    private final MemorySegment memory = Arena.ofAuto().allocate(MAX + 8L, 8);
    private Opcode opcode;
    private int length;
    private int end;
    private int groups;

    /**
     * Copies a chain's request.
     *
     * @return 0, or minus the errno that is the reply; {@link #hasHeader} says whether there can be one
     */
    public int read(ChainCursor chain) {
        opcode = null;
        length = 0;
        long copied = chain.copyIn(0, memory, 0, InLayout.WRITE_DATA); // all of most requests
        if (copied < InLayout.HEADER) {
            return -Errno.EINVAL.number();
        }
        length = InLayout.HEADER;
        int claimed = memory.get(ValueLayout.JAVA_INT, InLayout.LEN);
        Opcode asked = Opcode.of(memory.get(ValueLayout.JAVA_INT, InLayout.OPCODE));
        if (asked == null) {
            return -Errno.ENOSYS.number();
        }
        if (copied == InLayout.WRITE_DATA && asked != Opcode.WRITE) {
            copied += chain.copyIn(InLayout.WRITE_DATA, memory, InLayout.WRITE_DATA, MAX - InLayout.WRITE_DATA);
        }
        if (claimed < InLayout.HEADER + asked.arguments() || claimed > chain.readableBytes()) {
            return -Errno.EINVAL.number();
        }
        if (claimed > MAX && asked != Opcode.WRITE && asked != Opcode.BATCH_FORGET) {
            return -Errno.E2BIG.number();
        }
        opcode = asked;
        length = (int) Math.min(claimed, copied);
        return extensions();
    }

    /** Finds what stands behind the last argument. */
    private int extensions() {
        groups = 0;
        end = length;
        int bytes = 8 * (memory.get(ValueLayout.JAVA_SHORT, InLayout.EXTENSIONS) & 0xFFFF);
        if (bytes == 0) {
            return 0;
        }
        end -= bytes;
        if (opcode == Opcode.WRITE || opcode == Opcode.BATCH_FORGET || end < InLayout.HEADER + opcode.arguments()) {
            return -Errno.EINVAL.number();
        }
        int at = end;
        while (length - at >= InLayout.EXTENSION) {
            int size = int32(at);
            if (size < InLayout.EXTENSION || size > length - at) {
                return -Errno.EINVAL.number();
            }
            if (int32(at + 4) == FuseFlags.EXT_GROUPS && size >= InLayout.EXTENSION + 8) {
                groups = at;
            }
            at += size + 7 & ~7;
        }
        return 0;
    }

    /** Whether there was a whole header, and so a request that a reply can name. */
    public boolean hasHeader() {
        return length >= InLayout.HEADER;
    }

    /** What it asks for; null if {@link #read} has refused it. */
    public Opcode opcode() {
        return opcode;
    }

    /** The number that names it. */
    public long unique() {
        return memory.get(ValueLayout.JAVA_LONG, InLayout.UNIQUE);
    }

    /** The node that it is about. */
    public long node() {
        return memory.get(ValueLayout.JAVA_LONG, InLayout.NODE);
    }

    /** The guest's user on whose behalf it is. */
    public int user() {
        return memory.get(ValueLayout.JAVA_INT, InLayout.UID);
    }

    /** That user's group. */
    public int group() {
        return memory.get(ValueLayout.JAVA_INT, InLayout.GID);
    }

    /** Whether it names the directory's group, in which the user is (FUSE_CREATE_SUPP_GROUP). */
    public boolean hasGroup() {
        return groups != 0 && int32(groups + InLayout.EXTENSION) == 1;
    }

    /** That group. */
    public int directoryGroup() {
        return int32(groups + InLayout.EXTENSION + 4);
    }

    /** Bytes of it that are here, its extensions not among them. */
    public int end() {
        return end;
    }

    /** Bytes that it claims to have, of which the chain has all, {@link #end} only those that are here. */
    public int claimed() {
        return memory.get(ValueLayout.JAVA_INT, InLayout.LEN);
    }

    /** A word of 4 bytes, at an offset of {@link InLayout}. */
    public int int32(int at) {
        return memory.get(ValueLayout.JAVA_INT_UNALIGNED, at);
    }

    /** A word of 8 bytes, at an offset of {@link InLayout}. */
    public long int64(int at) {
        return memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
    }

    /** Our copy, for data that a call takes from it: xattr values. */
    public MemorySegment memory() {
        return memory;
    }

    /** Length of the text from {@code at} to its zero byte, or minus EINVAL if there is none. */
    public int text(int at) {
        for (int i = at; i < end; i++) {
            if (memory.get(ValueLayout.JAVA_BYTE, i) == 0) {
                return i - at;
            }
        }
        return -Errno.EINVAL.number();
    }

    /**
     * The name of a file: one component, which names something below its directory.
     *
     * @param into is set to it, if it is one
     * @return its length, 1 to 255; or minus EINVAL or ENAMETOOLONG
     */
    public int name(int at, Name into) {
        int bytes = text(at);
        if (bytes > MAX_NAME) {
            return -Errno.ENAMETOOLONG.number();
        }
        if (bytes <= 0 || isDots(at, bytes)) {
            return -Errno.EINVAL.number();
        }
        for (int i = 0; i < bytes; i++) {
            if (memory.get(ValueLayout.JAVA_BYTE, at + i) == '/') {
                return -Errno.EINVAL.number();
            }
        }
        into.set(memory, at);
        return bytes;
    }

    /** As {@link #name}, of the last thing in a request: nothing may stand behind its zero byte. */
    public int lastName(int at, Name into) {
        int bytes = name(at, into);
        return bytes > 0 && at + bytes + 1 != end ? -Errno.EINVAL.number() : bytes;
    }

    private boolean isDots(int at, int bytes) {
        return bytes <= 2
                && memory.get(ValueLayout.JAVA_BYTE, at) == '.'
                && (bytes == 1 || memory.get(ValueLayout.JAVA_BYTE, at + 1) == '.');
    }
}
