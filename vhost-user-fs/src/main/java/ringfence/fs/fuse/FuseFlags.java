package ringfence.fs.fuse;

/** Bits in the fields of requests and replies. */
public final class FuseFlags {
    /** The protocol's major version. */
    public static final int MAJOR = 7;
    /** The oldest minor version that we serve: Linux 5.4. */
    public static final int MIN_MINOR = 31;
    /** The newest minor version that we speak: Linux 6.12. */
    public static final int MAX_MINOR = 41;
    /** The node id of the shared directory. */
    public static final long ROOT_ID = 1;

    public static final int FATTR_MODE = 1 << 0;
    public static final int FATTR_UID = 1 << 1;
    public static final int FATTR_GID = 1 << 2;
    public static final int FATTR_SIZE = 1 << 3;
    public static final int FATTR_ATIME = 1 << 4;
    public static final int FATTR_MTIME = 1 << 5;
    public static final int FATTR_FH = 1 << 6;
    public static final int FATTR_ATIME_NOW = 1 << 7;
    public static final int FATTR_MTIME_NOW = 1 << 8;
    public static final int FATTR_KILL_SUIDGID = 1 << 11;

    public static final int FOPEN_DIRECT_IO = 1 << 0;
    public static final int FOPEN_KEEP_CACHE = 1 << 1;
    public static final int FOPEN_CACHE_DIR = 1 << 3;
    public static final int FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

    public static final int GETATTR_FH = 1 << 0;
    public static final int RELEASE_FLOCK_UNLOCK = 1 << 1;
    public static final int LK_FLOCK = 1 << 0;
    public static final int WRITE_CACHE = 1 << 0;
    public static final int WRITE_KILL_SUIDGID = 1 << 2;
    public static final int OPEN_KILL_SUIDGID = 1 << 0;
    public static final int FSYNC_FDATASYNC = 1 << 0;
    public static final int ATTR_SUBMOUNT = 1 << 0;
    public static final int SETXATTR_ACL_KILL_SGID = 1 << 0;

    /** {@code enum fuse_ext_type}: the group of the directory, where the caller is in it. */
    static final int EXT_GROUPS = 32;

    private FuseFlags() {}
}
