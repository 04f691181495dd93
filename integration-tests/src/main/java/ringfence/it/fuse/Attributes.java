package ringfence.it.fuse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Requests on attributes, extended ones too, and on the file system as a whole. */
public final class Attributes {
    /** Bits of SETATTR's valid word. */
    public static final int MODE = 1;

    public static final int UID = 2;
    public static final int GID = 4;
    public static final int SIZE = 8;
    public static final int ATIME = 16;
    public static final int MTIME = 32;
    public static final int HANDLE = 64;
    public static final int ATIME_NOW = 128;
    public static final int MTIME_NOW = 256;
    public static final int KILL_SUIDGID = 2048;

    private static final int REPLY = 16 + Attr.SIZE;
    private static final long SECOND = 1_000_000_000L;

    private final FuseSession session;

    Attributes(FuseSession session) {
        this.session = session;
    }

    public Attr get(long node) {
        session.begin(Opcode.GETATTR, node).u32(0).u32(0).u64(0);
        return Attr.at(session.call(REPLY).atLeast(REPLY), 16);
    }

    /** Of an open file. */
    public Attr get(long node, long handle) {
        session.begin(Opcode.GETATTR, node).u32(1).u32(0).u64(handle);
        return Attr.at(session.call(REPLY).atLeast(REPLY), 16);
    }

    public Attr chmod(long node, int mode) {
        return set(node, MODE, 0, 0, 0, 0, mode, 0, 0);
    }

    public Attr chown(long node, int uid, int gid) {
        return set(node, UID | GID, 0, 0, 0, 0, 0, uid, gid);
    }

    public Attr truncate(long node, long size) {
        return set(node, SIZE, 0, size, 0, 0, 0, 0, 0);
    }

    public Attr truncate(long node, long handle, long size) {
        return set(node, SIZE | HANDLE, handle, size, 0, 0, 0, 0, 0);
    }

    public Attr times(long node, long atimeNanos, long mtimeNanos) {
        return set(node, ATIME | MTIME, 0, 0, atimeNanos, mtimeNanos, 0, 0, 0);
    }

    /** All of SETATTR. */
    public Attr set(long node, int valid, long handle, long size, long atime, long mtime, int mode, int uid, int gid) {
        session.begin(Opcode.SETATTR, node)
                .u32(valid)
                .u32(0)
                .u64(handle)
                .u64(size)
                .u64(0)
                .u64(Math.floorDiv(atime, SECOND))
                .u64(Math.floorDiv(mtime, SECOND))
                .u64(0)
                .u32((int) Math.floorMod(atime, SECOND))
                .u32((int) Math.floorMod(mtime, SECOND))
                .u32(0)
                .u32(mode)
                .u32(0)
                .u32(uid)
                .u32(gid)
                .u32(0);
        return Attr.at(session.call(REPLY).atLeast(REPLY), 16);
    }

    public void access(long node, int mask) {
        session.begin(Opcode.ACCESS, node).u32(mask).u32(0);
        session.call(0);
    }

    /** @param flags XATTR_CREATE 1, XATTR_REPLACE 2 */
    public void setXattr(long node, String name, byte[] value, int flags) {
        FuseRequest request =
                session.begin(Opcode.SETXATTR, node).u32(value.length).u32(flags);
        if (session.init().has(Init.SETXATTR_EXT)) {
            request.u32(0).u32(0);
        }
        request.name(name);
        session.fill(value);
        session.call(value.length, 0, 0);
    }

    public byte[] getXattr(long node, String name, int room) {
        session.begin(Opcode.GETXATTR, node).u32(room).u32(0).name(name);
        return session.call(0, 0, room).copy();
    }

    /** How long the value is. */
    public int xattrSize(long node, String name) {
        session.begin(Opcode.GETXATTR, node).u32(0).u32(0).name(name);
        return session.call(8).atLeast(8).u32(0);
    }

    public List<String> listXattrs(long node, int room) {
        session.begin(Opcode.LISTXATTR, node).u32(room).u32(0);
        FuseReply reply = session.call(0, 0, room);
        return Arrays.stream(new String(reply.copy(), StandardCharsets.UTF_8).split("\0"))
                .filter(name -> !name.isEmpty())
                .toList();
    }

    public void removeXattr(long node, String name) {
        session.begin(Opcode.REMOVEXATTR, node).name(name);
        session.call(0);
    }

    /** struct fuse_statfs_out's first words: blocks, free, available, files, files free. */
    public long[] statfs(long node) {
        session.begin(Opcode.STATFS, node);
        FuseReply reply = session.call(80).atLeast(80);
        return new long[] {reply.u64(0), reply.u64(8), reply.u64(16), reply.u64(24), reply.u64(32)};
    }
}
