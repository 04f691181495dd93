package ringfence.it.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Requests on open files. */
public final class OpenFiles {
    public static final int RDONLY = 0;
    public static final int WRONLY = 1;
    public static final int RDWR = 2;
    public static final int CREAT = 0100;
    public static final int EXCL = 0200;
    public static final int TRUNC = 01000;
    public static final int APPEND = 02000;
    /** Without O_LARGEFILE no kernel's open comes. */
    static final int LARGEFILE = 0100000;

    private final FuseSession session;

    OpenFiles(FuseSession session) {
        this.session = session;
    }

    public Opened open(long node, int flags) {
        session.begin(Opcode.OPEN, node).u32(flags | LARGEFILE).u32(0);
        return Opened.at(session.call(Opened.SIZE).atLeast(Opened.SIZE), 0);
    }

    /** The same where the guest's user has no privilege to keep set-id bits. */
    public Opened openWithoutPrivilege(long node, int flags) {
        session.begin(Opcode.OPEN, node).u32(flags | LARGEFILE).u32(1);
        return Opened.at(session.call(Opened.SIZE).atLeast(Opened.SIZE), 0);
    }

    /** TMPFILE: a file without a name. */
    public Created tmpfile(long parent, int flags, int mode) {
        session.begin(Opcode.TMPFILE, parent).u32(flags).u32(mode).u32(0).u32(0).name("");
        FuseReply reply = session.call(Entry.SIZE + Opened.SIZE).atLeast(Entry.SIZE + Opened.SIZE);
        return new Created(Entry.at(reply, 0), Opened.at(reply, Entry.SIZE));
    }

    public void release(long node, long handle) {
        session.begin(Opcode.RELEASE, node).u64(handle).u32(0).u32(0).u64(0);
        session.call(0);
    }

    public void flush(long node, long handle) {
        session.begin(Opcode.FLUSH, node).u64(handle).u64(0).u64(0);
        session.call(0);
    }

    /** @param flags 1: data only */
    public void fsync(long node, long handle, int flags) {
        session.begin(Opcode.FSYNC, node).u64(handle).u32(flags).u32(0);
        session.call(0);
    }

    public byte[] read(long node, long handle, long offset, int size) {
        readInPlace(node, handle, offset, size);
        return session.data()
                .asSlice(
                        0,
                        session.guest()
                                        .ram()
                                        .get(
                                                ValueLayout.JAVA_INT,
                                                session.guest().reply(1, 0))
                                - FuseGuest.OUT_HEADER)
                .toArray(ValueLayout.JAVA_BYTE);
    }

    /** Into the session's data. @return bytes */
    public int readInPlace(long node, long handle, long offset, int size) {
        session.begin(Opcode.READ, node)
                .u64(handle)
                .u64(offset)
                .u32(size)
                .u32(0)
                .u64(0)
                .u32(0)
                .u32(0);
        return session.call(0, 0, size).length();
    }

    public int write(long node, long handle, long offset, byte[] bytes) {
        return write(node, handle, offset, bytes, 0);
    }

    /** @param flags FUSE_WRITE_*; 4: kill set-id bits */
    public int write(long node, long handle, long offset, byte[] bytes, int flags) {
        session.fill(bytes);
        return writeInPlace(node, handle, offset, bytes.length, flags);
    }

    /** Of the session's data. @return bytes written */
    public int writeInPlace(long node, long handle, long offset, int size, int flags) {
        session.begin(Opcode.WRITE, node)
                .u64(handle)
                .u64(offset)
                .u32(size)
                .u32(flags)
                .u64(0)
                .u32(0)
                .u32(0);
        return session.call(size, 8, 0).atLeast(8).u32(0);
    }

    /** @param mode FALLOC_FL_* */
    public void fallocate(long node, long handle, int mode, long offset, long length) {
        session.begin(Opcode.FALLOCATE, node)
                .u64(handle)
                .u64(offset)
                .u64(length)
                .u32(mode)
                .u32(0);
        session.call(0);
    }

    public long lseek(long node, long handle, long offset, int whence) {
        session.begin(Opcode.LSEEK, node).u64(handle).u64(offset).u32(whence).u32(0);
        return session.call(8).atLeast(8).u64(0);
    }

    /** @return bytes copied */
    public int copyRange(long node, long handle, long from, long toNode, long toHandle, long to, long length) {
        session.begin(Opcode.COPY_FILE_RANGE, node)
                .u64(handle)
                .u64(from)
                .u64(toNode)
                .u64(toHandle)
                .u64(to)
                .u64(length)
                .u64(0);
        return session.call(8).atLeast(8).u32(0);
    }

    /**
     * SETLK or, with {@link Opcode#SETLKW}, one that waits.
     *
     * @param type F_RDLCK 0, F_WRLCK 1, F_UNLCK 2
     * @param end the last byte
     * @param flock whether it is flock(2)'s
     */
    public void lock(int opcode, long node, long handle, long owner, long start, long end, int type, boolean flock) {
        session.begin(opcode, node)
                .u64(handle)
                .u64(owner)
                .u64(start)
                .u64(end)
                .u32(type)
                .u32(1)
                .u32(flock ? 1 : 0)
                .u32(0);
        session.call(0);
    }

    /** Whether the session's data begin with these bytes. */
    public boolean matches(byte[] expected, int from, int length) {
        return MemorySegment.mismatch(MemorySegment.ofArray(expected), from, from + length, session.data(), 0, length)
                == -1;
    }

    /** Bytes of one value. */
    public static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
