package ringfence.fs.tree;

import java.util.concurrent.atomic.AtomicReferenceArray;

/** Open files by slot. It grows by pieces, as slots are used. Any thread. */
public final class OpenTable {
    private static final int PIECE_SHIFT = 10;
    private static final int PIECE = 1 << PIECE_SHIFT;

    private final AtomicReferenceArray<AtomicReferenceArray<OpenFile>> pieces;

    /** @param slots how many there can be */
    public OpenTable(int slots) {
        pieces = new AtomicReferenceArray<>((slots + PIECE - 1) >> PIECE_SHIFT);
    }

    /** Puts one in; the table is its user from now on. Under the lock of the state; the slot is empty. */
    public void put(int slot, OpenFile file) {
        AtomicReferenceArray<OpenFile> piece = pieces.get(slot >> PIECE_SHIFT);
        if (piece == null) {
            piece = new AtomicReferenceArray<>(PIECE);
            pieces.set(slot >> PIECE_SHIFT, piece);
        }
        piece.set(slot & PIECE - 1, file);
    }

    /** What is there, as one more user; null: nothing. */
    public OpenFile use(int slot) {
        OpenFile file = peek(slot);
        return file != null && file.tryUse() ? file : null;
    }

    /** What is there, without becoming its user: only to see whether there is something. */
    public OpenFile peek(int slot) {
        AtomicReferenceArray<OpenFile> piece = pieces.get(slot >> PIECE_SHIFT);
        return piece == null ? null : piece.get(slot & PIECE - 1);
    }

    /** Takes out what is there; the table's use of it is the caller's. null: nothing. */
    public OpenFile take(int slot) {
        AtomicReferenceArray<OpenFile> piece = pieces.get(slot >> PIECE_SHIFT);
        return piece == null ? null : piece.getAndSet(slot & PIECE - 1, null);
    }

    /** Lets go of all. */
    public void clear() {
        for (int i = 0; i < pieces.length(); i++) {
            AtomicReferenceArray<OpenFile> piece = pieces.get(i);
            for (int k = 0; piece != null && k < PIECE; k++) {
                OpenFile file = piece.getAndSet(k, null);
                if (file != null) {
                    file.release();
                }
            }
        }
    }
}
