package ringfence.linux;

/** What Landlock can forbid in a file system ({@code LANDLOCK_ACCESS_FS_} of linux/landlock.h). */
public enum FileRight {
    EXECUTE(0, 1, true),
    WRITE_FILE(1, 1, true),
    READ_FILE(2, 1, true),
    READ_DIR(3, 1, false),
    REMOVE_DIR(4, 1, false),
    REMOVE_FILE(5, 1, false),
    MAKE_CHAR(6, 1, false),
    MAKE_DIR(7, 1, false),
    MAKE_REG(8, 1, false),
    MAKE_SOCK(9, 1, false),
    MAKE_FIFO(10, 1, false),
    MAKE_BLOCK(11, 1, false),
    MAKE_SYM(12, 1, false),
    /** To link and rename from one directory to another. */
    REFER(13, 2, false),
    TRUNCATE(14, 3, true),
    /** To use ioctl(2) on devices that are opened from now on. */
    IOCTL_DEV(15, 5, true);

    private final int bit;
    private final int abi;
    private final boolean ofFiles;

    FileRight(int bit, int abi, boolean ofFiles) {
        this.bit = bit;
        this.abi = abi;
        this.ofFiles = ofFiles;
    }

    /** Its bit. */
    public long bits() {
        return 1L << bit;
    }

    /** The first version of Landlock that knows it; those before allow it always, but for {@link #REFER}. */
    public int abi() {
        return abi;
    }

    /** Whether a rule for something that is no directory may name it. */
    public boolean ofFiles() {
        return ofFiles;
    }
}
