package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An owned mapping of memory. Closing it unmaps it; an access through {@link #segment()} after that throws
 * {@link IllegalStateException} in place of a crash, because the segment belongs to a shared arena. Close it only when
 * the users of the memory have stopped: the close waits for every thread (the worst seen was 141 ms under load).
 *
 * <p>A peer that truncates the file below makes an access throw {@link InternalError}; treat that as the death of the
 * connection that brought the file. The runtime may throw it some steps after the access, anywhere on that thread, so
 * {@link #mayShrink} says of which mappings to ask for it.
 */
public final class Mapping implements AutoCloseable {
    private final Arena arena;
    private final MemorySegment segment;
    private final boolean mayShrink;

    private Mapping(Arena arena, MemorySegment segment, boolean mayShrink) {
        this.arena = arena;
        this.segment = segment;
        this.mayShrink = mayShrink;
    }

    /** Takes ownership of {@code size} bytes mapped at {@code address}. */
    @SuppressWarnings("restricted")
    static Mapping own(Kernel kernel, long address, long size, boolean mayShrink) {
        Arena arena = Arena.ofShared();
        // SAFETY: the caller has just mapped these bytes and gives them away; only the clean-up unmaps them, and it
        // runs when no thread is inside an access of the arena's segments.
        MemorySegment segment = MemorySegment.ofAddress(address)
                .reinterpret(size, arena, whole -> kernel.call(Syscall.MUNMAP, address, size, 0, 0, 0, 0));
        return new Mapping(arena, segment, mayShrink);
    }

    /** The memory. */
    public MemorySegment segment() {
        return segment;
    }

    /** Its size in bytes. */
    public long size() {
        return segment.byteSize();
    }

    /** Its address, for the kernel (KVM memory slots, I/O vectors); never to be dereferenced in Java. */
    public long address() {
        return segment.address();
    }

    /** Whether a peer may truncate the file below. */
    public boolean mayShrink() {
        return mayShrink;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
