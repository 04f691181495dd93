package ringfence.linux;

/** The numbers of {@code struct statfs} of x86-64, each a word of 8 bytes. */
public enum StatFsField {
    /** Bytes of a block for good I/O: f_bsize. */
    BSIZE(8),
    /** Blocks: f_blocks. */
    BLOCKS(16),
    /** Free ones: f_bfree. */
    BFREE(24),
    /** Free ones that are not reserved: f_bavail. */
    BAVAIL(32),
    /** Inodes: f_files. */
    FILES(40),
    /** Free ones: f_ffree. */
    FFREE(48),
    /** Longest name: f_namelen. */
    NAMELEN(64),
    /** Bytes of a block in which the file system counts: f_frsize. */
    FRSIZE(72);

    private final int at;

    StatFsField(int at) {
        this.at = at;
    }

    int at() {
        return at;
    }
}
