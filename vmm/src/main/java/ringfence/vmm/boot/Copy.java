package ringfence.vmm.boot;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import ringfence.memory.MemoryTable;

/**
 * Reads parts of files into guest memory by several threads: most of the time goes into the first touch of the guest's
 * pages, which the kernel does on as many processors as ask.
 */
final class Copy {
    /** Small enough to share the work, large enough to cost nothing. */
    private static final long PIECE = 2 << 20;
    /** Below this, a thread costs more than it brings. */
    private static final long WORTH_A_THREAD = 4 << 20;

    private static final int MOST_THREADS = 4;

    private final MemoryTable memory;
    private final List<Piece> pieces;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

    private Copy(MemoryTable memory, List<Piece> pieces) {
        this.memory = memory;
        this.pieces = pieces;
    }

    /** A part of a file, and where it goes. */
    record Piece(BootFile file, long offset, long guestAddress, long length) {}

    /** Cuts a segment's bytes of the file into pieces. */
    static void split(BootFile file, LoadSegment segment, List<Piece> into) {
        for (long at = 0; at < segment.fileSize(); at += PIECE) {
            long length = Math.min(PIECE, segment.fileSize() - at);
            into.add(new Piece(file, segment.fileOffset() + at, segment.guestAddress() + at, length));
        }
    }

    /** Reads all pieces. @throws BootException the first thing that went wrong */
    static void run(MemoryTable memory, List<Piece> pieces) {
        long total = pieces.stream().mapToLong(Piece::length).sum();
        int threads = (int)
                Math.min(Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()), total / WORTH_A_THREAD);
        Copy copy = new Copy(memory, pieces);
        List<Thread> helpers = new ArrayList<>();
        for (int i = 1; i < threads; i++) {
            helpers.add(Thread.ofPlatform().name("load" + i).daemon(true).start(copy::work));
        }
        copy.work();
        helpers.forEach(Copy::join);
        if (copy.failure.get() != null) {
            throw copy.failure.get();
        }
    }

    private void work() {
        try {
            for (int i = next.getAndIncrement();
                    i < pieces.size() && failure.get() == null;
                    i = next.getAndIncrement()) {
                read(pieces.get(i));
            }
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
        }
    }

    private void read(Piece piece) {
        int region = memory.find(piece.guestAddress(), piece.length());
        if (region < 0) {
            throw new BootException(
                    BootException.Reason.NO_ROOM,
                    "%s does not fit: no memory at 0x%x".formatted(piece.file().path(), piece.guestAddress()));
        }
        long at = piece.guestAddress() - memory.guestAddress(region);
        piece.file().read(piece.offset(), memory.segment(region), at, piece.length());
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // the pieces write into guest memory: we must wait for them
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
