package ringfence.fs.tree;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/** Buffers of directories that are being read; used again and again. Any thread. */
public final class StreamBuffers {
    private static final int SIZE = 32 << 10;

    private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();

    /** A directory that is about to be read. */
    public synchronized DirectoryStream begin() {
        MemorySegment buffer = free.poll();
        return new DirectoryStream(this, buffer == null ? Arena.ofAuto().allocate(SIZE, 8) : buffer);
    }

    synchronized void give(MemorySegment buffer) {
        if (free.size() < 16) {
            free.push(buffer);
        }
    }
}
