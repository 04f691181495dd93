package ringfence.fs.fuse;

/** Where the fields of requests are, from the request's first byte on. Little-endian. */
public final class InLayout {
    /** {@code struct fuse_in_header}: {@code u32 len, opcode; u64 unique, nodeid; u32 uid, gid, pid; u16 extlen, pad;} */
    public static final int HEADER = 40;

    static final int LEN = 0;
    static final int OPCODE = 4;
    static final int UNIQUE = 8;
    static final int NODE = 16;
    static final int UID = 24;
    static final int GID = 28;
    static final int PID = 32;
    static final int EXTENSIONS = 36;

    /** Where an opcode's structure begins, and names where there is none. */
    public static final int ARGUMENTS = HEADER;
    /** Of many structures: the handle. */
    public static final int FH = HEADER;

    public static final int FORGET_LOOKUPS = HEADER;
    public static final int BATCH_COUNT = HEADER;
    public static final int BATCH_FIRST = HEADER + 8;
    public static final int BATCH_ONE = 16;

    public static final int GETATTR_FLAGS = HEADER;
    public static final int GETATTR_FH = HEADER + 8;

    public static final int SETATTR_VALID = HEADER;
    public static final int SETATTR_FH = HEADER + 8;
    public static final int SETATTR_SIZE = HEADER + 16;
    public static final int SETATTR_ATIME = HEADER + 32;
    public static final int SETATTR_MTIME = HEADER + 40;
    public static final int SETATTR_ATIMENSEC = HEADER + 56;
    public static final int SETATTR_MTIMENSEC = HEADER + 60;
    public static final int SETATTR_MODE = HEADER + 68;
    public static final int SETATTR_UID = HEADER + 76;
    public static final int SETATTR_GID = HEADER + 80;

    public static final int MKNOD_MODE = HEADER;
    public static final int MKNOD_RDEV = HEADER + 4;
    public static final int MKNOD_UMASK = HEADER + 8;
    public static final int MKNOD_NAME = HEADER + 16;

    public static final int MKDIR_MODE = HEADER;
    public static final int MKDIR_UMASK = HEADER + 4;
    public static final int MKDIR_NAME = HEADER + 8;

    public static final int RENAME_NEWDIR = HEADER;
    public static final int RENAME_NAMES = HEADER + 8;
    public static final int RENAME2_FLAGS = HEADER + 8;
    public static final int RENAME2_NAMES = HEADER + 16;

    public static final int LINK_OLD = HEADER;
    public static final int LINK_NAME = HEADER + 8;

    public static final int OPEN_FLAGS = HEADER;
    public static final int OPEN_MORE = HEADER + 4;

    public static final int CREATE_FLAGS = HEADER;
    public static final int CREATE_MODE = HEADER + 4;
    public static final int CREATE_UMASK = HEADER + 8;
    public static final int CREATE_MORE = HEADER + 12;
    public static final int CREATE_NAME = HEADER + 16;

    public static final int READ_OFFSET = HEADER + 8;
    public static final int READ_SIZE = HEADER + 16;

    public static final int WRITE_OFFSET = HEADER + 8;
    public static final int WRITE_SIZE = HEADER + 16;
    public static final int WRITE_FLAGS = HEADER + 20;
    public static final int WRITE_DATA = HEADER + 40;

    public static final int RELEASE_FLAGS = HEADER + 12;
    public static final int RELEASE_OWNER = HEADER + 16;
    public static final int FLUSH_OWNER = HEADER + 16;
    public static final int FSYNC_FLAGS = HEADER + 8;

    public static final int SETXATTR_SIZE = HEADER;
    public static final int SETXATTR_FLAGS = HEADER + 4;
    public static final int SETXATTR_MORE = HEADER + 8;
    /** Where the name begins, without FUSE_SETXATTR_EXT. */
    public static final int SETXATTR_NAME = HEADER + 8;
    /** Where the name begins, with FUSE_SETXATTR_EXT. */
    public static final int SETXATTR_NAME_EXT = HEADER + 16;

    public static final int GETXATTR_SIZE = HEADER;
    public static final int GETXATTR_NAME = HEADER + 8;

    public static final int LK_OWNER = HEADER + 8;
    public static final int LK_START = HEADER + 16;
    public static final int LK_END = HEADER + 24;
    public static final int LK_TYPE = HEADER + 32;
    public static final int LK_PID = HEADER + 36;
    public static final int LK_FLAGS = HEADER + 40;

    /** The request that is meant. */
    public static final int INTERRUPT_UNIQUE = HEADER;

    public static final int ACCESS_MASK = HEADER;

    public static final int INIT_MAJOR = HEADER;
    public static final int INIT_MINOR = HEADER + 4;
    public static final int INIT_READAHEAD = HEADER + 8;
    public static final int INIT_FLAGS = HEADER + 12;
    /** With FUSE_INIT_EXT. */
    public static final int INIT_FLAGS2 = HEADER + 16;

    public static final int FALLOCATE_OFFSET = HEADER + 8;
    public static final int FALLOCATE_LENGTH = HEADER + 16;
    public static final int FALLOCATE_MODE = HEADER + 24;

    public static final int LSEEK_OFFSET = HEADER + 8;
    public static final int LSEEK_WHENCE = HEADER + 16;

    public static final int COPY_OFFSET = HEADER + 8;
    public static final int COPY_NODE_OUT = HEADER + 16;
    public static final int COPY_FH_OUT = HEADER + 24;
    public static final int COPY_OFFSET_OUT = HEADER + 32;
    public static final int COPY_LENGTH = HEADER + 40;
    public static final int COPY_FLAGS = HEADER + 48;

    /** {@code struct fuse_ext_header}: {@code u32 size, type;}, padded to 8. */
    static final int EXTENSION = 8;

    private InLayout() {}
}
