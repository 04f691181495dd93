package ringfence.fs.tree;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.linux.Fd;
import ringfence.linux.Files;
import ringfence.linux.PathCalls;

/**
 * A directory as it is read from begin to end: entries that the kernel has given and the guest has not yet taken. Used under
 * the lock of its {@link OpenFile}. Entries are {@code struct linux_dirent64 { u64 ino; s64 off; u16 reclen; u8 type; char
 * name[]; }}.
 */
public final class DirectoryStream implements AutoCloseable {
    private static final int INO = 0;
    private static final int OFF = 8;
    private static final int RECLEN = 16;
    private static final int TYPE = 18;
    private static final int NAME = 19;

    private final StreamBuffers pool;
    private final MemorySegment buffer;
    private int at;
    private int end;
    /** What the entry at {@link #at} comes after, as the kernel counts; the guest names its next wish so. */
    private long position;

    /** @param pool owner of the buffer */
    DirectoryStream(StreamBuffers pool, MemorySegment buffer) {
        this.pool = pool;
        this.buffer = buffer;
    }

    /**
     * Goes where the guest wants to read on.
     *
     * @return 0, or minus the errno
     */
    public long seek(Files files, Fd directory, long offset) {
        if (offset == position && offset != 0) {
            return 0;
        }
        at = 0;
        end = 0;
        position = offset;
        long result = files.trySeek(directory, offset, 0);
        return Math.min(result, 0);
    }

    /**
     * Sees to it that there is an entry.
     *
     * @return above 0: there is one; 0: the directory's end; or minus the errno
     */
    public long fill(PathCalls paths, Fd directory) {
        if (at < end) {
            return 1;
        }
        at = 0;
        end = 0;
        long result = paths.tryEntries(directory, buffer);
        end = (int) Math.max(result, 0);
        return result;
    }

    /** The entry's inode number. */
    public long inode() {
        return buffer.get(ValueLayout.JAVA_LONG, at + INO);
    }

    /** Where to read on behind it. */
    public long offset() {
        return buffer.get(ValueLayout.JAVA_LONG, at + OFF);
    }

    /** Its type, DT_. */
    public int type() {
        return buffer.get(ValueLayout.JAVA_BYTE, at + TYPE);
    }

    /** Memory of its name. */
    public MemorySegment names() {
        return buffer;
    }

    /** Where in that its name begins. */
    public int nameAt() {
        return at + NAME;
    }

    /** Bytes of its name. */
    public int nameLength() {
        int from = at + NAME;
        int to = from;
        while (buffer.get(ValueLayout.JAVA_BYTE, to) != 0) {
            to++;
        }
        return to - from;
    }

    /** Goes on behind it. */
    public void next() {
        position = offset();
        at += buffer.get(ValueLayout.JAVA_SHORT, at + RECLEN) & 0xFFFF;
    }

    @Override
    public void close() {
        pool.give(buffer);
    }
}
