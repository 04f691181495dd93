package ringfence.it.fuse;

import java.util.ArrayList;
import java.util.List;

/** Requests on open directories. */
public final class Directories {
    private static final int DIRENT = 24;

    private final FuseSession session;

    Directories(FuseSession session) {
        this.session = session;
    }

    public Opened open(long node) {
        session.begin(Opcode.OPENDIR, node).u32(0x10000 | OpenFiles.LARGEFILE).u32(0);
        return Opened.at(session.call(Opened.SIZE).atLeast(Opened.SIZE), 0);
    }

    public void release(long node, long handle) {
        session.begin(Opcode.RELEASEDIR, node).u64(handle).u32(0).u32(0).u64(0);
        session.call(0);
    }

    public void fsync(long node, long handle) {
        session.begin(Opcode.FSYNCDIR, node).u64(handle).u32(0).u32(0);
        session.call(0);
    }

    /** One buffer of names; empty at the end. */
    public List<DirectoryEntry> read(long node, long handle, long offset, int size, boolean plus) {
        session.begin(plus ? Opcode.READDIRPLUS : Opcode.READDIR, node)
                .u64(handle)
                .u64(offset)
                .u32(size)
                .u32(0)
                .u64(0)
                .u32(0)
                .u32(0);
        FuseReply reply = session.call(0, 0, size);
        List<DirectoryEntry> entries = new ArrayList<>();
        int extra = plus ? Entry.SIZE : 0;
        int at = 0;
        while (at < reply.length()) {
            int length = reply.u32(at + extra + 16);
            int end = at + extra + DIRENT + length;
            if (length <= 0 || end > reply.length()) {
                throw new IllegalStateException("a name of " + length + " bytes at " + at + " of " + reply.length());
            }
            entries.add(new DirectoryEntry(
                    plus ? Entry.at(reply, at) : null,
                    reply.u64(at + extra),
                    reply.u64(at + extra + 8),
                    reply.u32(at + extra + 20),
                    reply.text(at + extra + DIRENT, length)));
            at = end + 7 & -8;
        }
        return entries;
    }

    /** All names, in buffers of so many bytes. */
    public List<DirectoryEntry> all(long node, int size, boolean plus) {
        long handle = open(node).handle();
        List<DirectoryEntry> all = new ArrayList<>();
        long offset = 0;
        List<DirectoryEntry> some;
        while (!(some = read(node, handle, offset, size, plus)).isEmpty()) {
            all.addAll(some);
            offset = some.getLast().offset();
        }
        release(node, handle);
        return all;
    }
}
