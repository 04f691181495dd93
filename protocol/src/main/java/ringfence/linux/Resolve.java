package ringfence.linux;

/** How far openat2(2) may go from its directory. */
public enum Resolve implements Flag {
    /** Not across a mount point. */
    NO_XDEV(1),
    /** Not through /proc/self/fd and its like. */
    NO_MAGICLINKS(2),
    /** Through no symbolic link at all. */
    NO_SYMLINKS(4),
    /** Not out of the directory. */
    BENEATH(8),
    /** As if the directory were the root. */
    IN_ROOT(0x10);

    private final int bits;

    Resolve(int bits) {
        this.bits = bits;
    }

    @Override
    public int bits() {
        return bits;
    }
}
