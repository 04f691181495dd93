package ringfence.fs.share;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.fs.fuse.FuseReply;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.tree.DirectoryStream;
import ringfence.fs.tree.OpenFile;

/** READDIR and READDIRPLUS. */
final class DirectoryOps {
    private final Share share;

    DirectoryOps(Share share) {
        this.share = share;
    }

    int read(Call call) {
        return read(call, null);
    }

    /** With a node for each entry, which is counted. */
    int readPlus(Call call, PlusEntries entries) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        entries.begin();
        try {
            int result = read(call, entries);
            return result < 0 ? result : entries.commit(call);
        } finally {
            entries.end();
        }
    }

    private int read(Call call, PlusEntries plus) {
        int found = call.useHandle(call.request.int64(InLayout.FH));
        if (found < 0) {
            return found;
        }
        if (!share.state().handles().isDirectory(call.handleSlot)) {
            return Errors.ENOTDIR;
        }
        long asked = Integer.toUnsignedLong(call.request.int32(InLayout.READ_SIZE));
        long room = Math.min(call.chain.writableBytes() - OutLayout.HEADER, FuseReply.MAX_BODY);
        OpenFile directory = call.handle();
        synchronized (directory) {
            if (directory.stream() == null) {
                directory.stream(share.tree().streams().begin());
            }
            return fill(call, directory, (int) Math.min(asked, room), plus);
        }
    }

    private int fill(Call call, OpenFile directory, int size, PlusEntries plus) {
        DirectoryStream stream = directory.stream();
        long result = stream.seek(share.linux().files(), directory.fd(), call.request.int64(InLayout.READ_OFFSET));
        int used = 0;
        while (result >= 0) {
            result = stream.fill(share.linux().paths(), directory.fd());
            if (result <= 0) {
                break;
            }
            int length = stream.nameLength();
            int head = plus == null ? 0 : OutLayout.ENTRY;
            int bytes = head + OutLayout.DIRENT + length + 7 & ~7;
            if (bytes > size - used || plus != null && !plus.hasRoom()) {
                break;
            }
            long at = OutLayout.HEADER + (long) used;
            MemorySegment to = call.reply.memory();
            to.asSlice(at, bytes).fill((byte) 0);
            if (plus != null) {
                plus.add(call, directory.fd(), stream, length, at);
            }
            entry(to, at + head, stream, length);
            used += bytes;
            stream.next();
        }
        call.reply.filled(used);
        return used > 0 || result >= 0 ? 0 : (int) result;
    }

    private static void entry(MemorySegment to, long at, DirectoryStream stream, int length) {
        to.set(ValueLayout.JAVA_LONG, at + OutLayout.DIRENT_INO, stream.inode());
        to.set(ValueLayout.JAVA_LONG, at + OutLayout.DIRENT_OFF, stream.offset());
        to.set(ValueLayout.JAVA_INT, at + OutLayout.DIRENT_NAMELEN, length);
        to.set(ValueLayout.JAVA_INT, at + OutLayout.DIRENT_TYPE, stream.type());
        MemorySegment.copy(stream.names(), stream.nameAt(), to, at + OutLayout.DIRENT, length);
    }
}
