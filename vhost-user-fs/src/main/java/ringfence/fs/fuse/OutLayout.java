package ringfence.fs.fuse;

/** Where the fields of replies are; but for the header, from the reply's structure on. Little-endian. */
public final class OutLayout {
    /** {@code struct fuse_out_header}: {@code u32 len; s32 error; u64 unique;}. */
    public static final int HEADER = 16;

    static final int LEN = 0;
    static final int ERROR = 4;
    static final int UNIQUE = 8;

    /** {@code struct fuse_attr}. */
    public static final int ATTR = 88;

    public static final int ATTR_INO = 0;
    public static final int ATTR_SIZE = 8;
    public static final int ATTR_BLOCKS = 16;
    public static final int ATTR_ATIME = 24;
    public static final int ATTR_MTIME = 32;
    public static final int ATTR_CTIME = 40;
    public static final int ATTR_ATIMENSEC = 48;
    public static final int ATTR_MTIMENSEC = 52;
    public static final int ATTR_CTIMENSEC = 56;
    public static final int ATTR_MODE = 60;
    public static final int ATTR_NLINK = 64;
    public static final int ATTR_UID = 68;
    public static final int ATTR_GID = 72;
    public static final int ATTR_RDEV = 76;
    public static final int ATTR_BLKSIZE = 80;
    public static final int ATTR_FLAGS = 84;

    /** {@code struct fuse_entry_out}. */
    public static final int ENTRY = 128;

    public static final int ENTRY_NODE = 0;
    public static final int ENTRY_GENERATION = 8;
    public static final int ENTRY_VALID = 16;
    public static final int ENTRY_ATTR_VALID = 24;
    public static final int ENTRY_VALID_NSEC = 32;
    public static final int ENTRY_ATTR_VALID_NSEC = 36;
    public static final int ENTRY_ATTR = 40;

    /** {@code struct fuse_attr_out}. */
    public static final int ATTR_OUT = 104;

    public static final int ATTR_OUT_VALID = 0;
    public static final int ATTR_OUT_VALID_NSEC = 8;
    public static final int ATTR_OUT_ATTR = 16;

    /** {@code struct fuse_statx_out}, in which the kernel's struct statx begins at {@link #STATX_STAT}. */
    public static final int STATX = 288;

    public static final int STATX_VALID = 0;
    public static final int STATX_STAT = 32;
    public static final int STATX_MASK = STATX_STAT;
    public static final int STATX_BLKSIZE = STATX_STAT + 4;
    public static final int STATX_NLINK = STATX_STAT + 16;
    public static final int STATX_UID = STATX_STAT + 20;
    public static final int STATX_GID = STATX_STAT + 24;
    public static final int STATX_MODE = STATX_STAT + 28;
    public static final int STATX_INO = STATX_STAT + 32;
    public static final int STATX_SIZE = STATX_STAT + 40;
    public static final int STATX_BLOCKS = STATX_STAT + 48;
    public static final int STATX_ATIME = STATX_STAT + 64;
    public static final int STATX_BTIME = STATX_STAT + 80;
    public static final int STATX_CTIME = STATX_STAT + 96;
    public static final int STATX_MTIME = STATX_STAT + 112;
    public static final int STATX_RDEV_MAJOR = STATX_STAT + 128;
    public static final int STATX_RDEV_MINOR = STATX_STAT + 132;

    /** {@code struct fuse_open_out}. */
    public static final int OPEN = 16;

    public static final int OPEN_FH = 0;
    public static final int OPEN_FLAGS = 8;

    /** {@code struct fuse_write_out}, {@code fuse_getxattr_out}: a count of bytes. */
    public static final int COUNT = 8;

    /** {@code struct fuse_lseek_out}. */
    public static final int LSEEK = 8;

    /** {@code struct fuse_statfs_out}. */
    public static final int STATFS = 80;

    public static final int STATFS_BLOCKS = 0;
    public static final int STATFS_BFREE = 8;
    public static final int STATFS_BAVAIL = 16;
    public static final int STATFS_FILES = 24;
    public static final int STATFS_FFREE = 32;
    public static final int STATFS_BSIZE = 40;
    public static final int STATFS_NAMELEN = 44;
    public static final int STATFS_FRSIZE = 48;

    /** {@code struct fuse_lk_out}. */
    public static final int LK = 24;

    public static final int LK_START = 0;
    public static final int LK_END = 8;
    public static final int LK_TYPE = 16;
    public static final int LK_PID = 20;

    /** {@code struct fuse_init_out}. */
    public static final int INIT = 64;

    public static final int INIT_MAJOR = 0;
    public static final int INIT_MINOR = 4;
    public static final int INIT_READAHEAD = 8;
    public static final int INIT_FLAGS = 12;
    public static final int INIT_BACKGROUND = 16;
    public static final int INIT_CONGESTION = 18;
    public static final int INIT_MAX_WRITE = 20;
    public static final int INIT_TIME_GRAN = 24;
    public static final int INIT_MAX_PAGES = 28;
    public static final int INIT_FLAGS2 = 32;

    /** {@code struct fuse_dirent}, without its name; a whole entry is padded to 8. */
    public static final int DIRENT = 24;

    public static final int DIRENT_INO = 0;
    public static final int DIRENT_OFF = 8;
    public static final int DIRENT_NAMELEN = 16;
    public static final int DIRENT_TYPE = 20;

    private OutLayout() {}
}
