package ringfence.fs.tree;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/** Open files by slot. It grows by pieces, as slots are used. Any thread. */
public final class OpenTable {
    private static final int PIECE_SHIFT = 10;
    private static final int PIECE = 1 << PIECE_SHIFT;

    private final AtomicReferenceArray<AtomicReferenceArray<OpenFile>> pieces;
    /** In the place of one that was here, and can be opened again by its handle. */
    private final OpenFile evicted = OpenFile.closed();

    private Consumer<OpenFile> cache = file -> {};

    /** @param slots how many there can be */
    public OpenTable(int slots) {
        pieces = new AtomicReferenceArray<>((slots + PIECE - 1) >> PIECE_SHIFT);
    }

    /** Who is told of what can be opened by its handle; to be set before the table is used. */
    void cache(Consumer<OpenFile> told) {
        cache = told;
    }

    /** Puts one in; the table is its user from now on. Under the lock of the state; the slot is empty. */
    public void put(int slot, OpenFile file) {
        AtomicReferenceArray<OpenFile> piece = pieces.get(slot >> PIECE_SHIFT);
        if (piece == null) {
            piece = new AtomicReferenceArray<>(PIECE);
            pieces.set(slot >> PIECE_SHIFT, piece);
        }
        file.slot(slot);
        piece.setRelease(slot & PIECE - 1, file);
        if (file.isByHandle()) {
            cache.accept(file);
        }
    }

    /** What is there, as one more user; null: nothing. */
    public OpenFile use(int slot) {
        OpenFile file = peek(slot);
        if (file == null || !file.tryUse()) {
            return null;
        }
        file.mark();
        return file;
    }

    /** What is there, without becoming its user: only to see whether there is something. */
    public OpenFile peek(int slot) {
        OpenFile file = at(slot);
        return file == evicted ? null : file;
    }

    private OpenFile at(int slot) {
        AtomicReferenceArray<OpenFile> piece = pieces.get(slot >> PIECE_SHIFT);
        return piece == null ? null : piece.get(slot & PIECE - 1);
    }

    /** Whether what is there was closed to make room: its slot holds a handle that this process has taken. */
    public boolean wasEvicted(int slot) {
        return at(slot) == evicted;
    }

    /** Whether it is still here. */
    boolean holds(OpenFile file) {
        return at(file.slot()) == file;
    }

    /** Takes it out to make room; the table's use of it is the caller's. @return false: it is not here any more */
    boolean evict(OpenFile file) {
        AtomicReferenceArray<OpenFile> piece = pieces.get(file.slot() >> PIECE_SHIFT);
        return piece.compareAndSet(file.slot() & PIECE - 1, file, evicted);
    }

    /**
     * Puts another one in the place of one, whose use by the table is the caller's then.
     *
     * @return false: it is not here any more, and nothing has changed
     */
    public boolean replace(OpenFile file, OpenFile other) {
        int slot = file.slot();
        other.slot(slot);
        if (!pieces.get(slot >> PIECE_SHIFT).compareAndSet(slot & PIECE - 1, file, other)) {
            return false;
        }
        if (other.isByHandle()) {
            cache.accept(other);
        }
        return true;
    }

    /** Takes out what is there; the table's use of it is the caller's. null: nothing. */
    public OpenFile take(int slot) {
        AtomicReferenceArray<OpenFile> piece = pieces.get(slot >> PIECE_SHIFT);
        OpenFile file = piece == null ? null : piece.getAndSet(slot & PIECE - 1, null);
        return file == evicted ? null : file;
    }

    /** Lets go of all. */
    public void clear() {
        for (int i = 0; i < pieces.length(); i++) {
            AtomicReferenceArray<OpenFile> piece = pieces.get(i);
            for (int k = 0; piece != null && k < PIECE; k++) {
                OpenFile file = piece.getAndSet(k, null);
                if (file != null && file != evicted) {
                    file.release();
                }
            }
        }
    }
}
