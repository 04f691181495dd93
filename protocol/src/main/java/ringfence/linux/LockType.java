package ringfence.linux;

/** Types of an open-file-description lock. */
public enum LockType implements Flag {
    /** Shared: F_RDLCK. */
    READ(0),
    /** Exclusive: F_WRLCK. */
    WRITE(1),
    /** None, which unlocks: F_UNLCK. */
    NONE(2);

    private final int bits;

    LockType(int bits) {
        this.bits = bits;
    }

    @Override
    public int bits() {
        return bits;
    }
}
