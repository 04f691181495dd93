package ringfence.fs.state;

/** The words of a file, which end the process, so to speak, after so many stores. */
final class Kill implements Words {
    /** What the code under test sees of a SIGKILL. */
    static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;

        Killed() {
            super("killed", null, false, false);
        }
    }

    private final Words words;
    private long left = Long.MAX_VALUE;
    private long stores;

    Kill(Words words) {
        this.words = words;
    }

    /** The store after this many does not happen, nor any other. */
    void after(long count) {
        left = count;
        stores = 0;
    }

    /** Stores since {@link #after}. */
    long stores() {
        return stores;
    }

    @Override
    public long get(long index) {
        return words.get(index);
    }

    @Override
    public void set(long index, long value) {
        if (stores >= left) {
            throw new Killed();
        }
        stores++;
        words.set(index, value);
    }
}
