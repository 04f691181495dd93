package ringfence.fs.state;

/**
 * Makes many stores one: before a word is changed, what it was is noted in the file, and a count says how many notes
 * there are. Storing 0 into the count is the commit. A transaction that was cut short is taken back from the notes, last
 * first, by the one who began it or by a successor; being killed at that, too, changes nothing, since it is done again.
 *
 * <p>Under the state's lock. Allocates nothing.
 */
final class UndoLog {
    private final Words words;
    private int count;

    UndoLog(Words words) {
        this.words = words;
    }

    /** Takes back what a predecessor had begun. @throws StateException if it is none that a predecessor can have begun */
    static void recover(Words words, StateLayout layout) {
        long count = words.get(StateLayout.UNDO_COUNT);
        if (count < 0 || count > StateLayout.UNDO_CAPACITY) {
            throw new StateException("state file: undo count=" + count + ", at most " + StateLayout.UNDO_CAPACITY);
        }
        for (int i = 0; i < count; i++) {
            long word = words.get(StateLayout.UNDO + 2L * i);
            if (!layout.isChangeable(word)) {
                throw new StateException("state file: undo entry " + i + " names word " + word);
            }
        }
        if (count > 0) {
            takeBack(words, (int) count);
        }
    }

    /** Changes a word, now and for good once committed. */
    void write(long word, long value) {
        long before = words.get(word);
        if (before == value) {
            return;
        }
        if (count == StateLayout.UNDO_CAPACITY) {
            throw new IllegalStateException("a transaction of more than " + count + " words: ask hasRoom()");
        }
        long entry = StateLayout.UNDO + 2L * count;
        words.set(entry, word);
        words.set(entry + 1, before);
        words.set(StateLayout.UNDO_COUNT, ++count);
        words.set(word, value);
    }

    /** Whether so many more words can be changed. */
    boolean hasRoom(int changes) {
        return StateLayout.UNDO_CAPACITY - count >= changes;
    }

    void commit() {
        if (count > 0) {
            words.set(StateLayout.UNDO_COUNT, 0);
            count = 0;
        }
    }

    void rollBack() {
        if (count > 0) {
            takeBack(words, count);
            count = 0;
        }
    }

    private static void takeBack(Words words, int count) {
        for (int i = count - 1; i >= 0; i--) {
            long entry = StateLayout.UNDO + 2L * i;
            words.set(words.get(entry), words.get(entry + 1));
        }
        words.set(StateLayout.UNDO_COUNT, 0);
    }
}
