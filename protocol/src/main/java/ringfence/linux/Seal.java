package ringfence.linux;

/** Seals of a memfd. */
public enum Seal implements Flag {
    /** No more seals. */
    SEAL(1),
    /** It cannot get smaller. */
    SHRINK(2),
    /** It cannot get larger. */
    GROW(4),
    /** It cannot be written. */
    WRITE(8);

    private final int bits;

    Seal(int bits) {
        this.bits = bits;
    }

    @Override
    public int bits() {
        return bits;
    }
}
