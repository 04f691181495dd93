package ringfence.linux;

/**
 * The structures of files.
 *
 * <pre>{@code
 * struct flock { short l_type, l_whence; off_t l_start, l_len; pid_t l_pid; };
 * struct open_how { __u64 flags, mode, resolve; };
 * struct statx { __u32 stx_mask; ...; __u32 stx_dio_mem_align, stx_dio_offset_align; ... };
 * struct sysinfo, see ProcessLayout
 * }</pre>
 */
final class FileLayout {
    static final long FLOCK_SIZE = 32;
    static final long L_TYPE = 0;
    static final long L_START = 8;
    static final long L_LEN = 16;

    static final long OPEN_HOW_SIZE = 24;
    static final long HOW_FLAGS = 0;
    static final long HOW_MODE = 8;
    static final long HOW_RESOLVE = 16;

    static final long STATX_SIZE = 256;
    static final long STX_MASK = 0;
    static final long STX_BLKSIZE = 4;
    static final long STX_ATTRIBUTES = 8;
    static final long STX_NLINK = 16;
    static final long STX_UID = 20;
    static final long STX_GID = 24;
    static final long STX_MODE = 28;
    static final long STX_INO = 32;
    static final long STX_SIZE = 40;
    static final long STX_BLOCKS = 48;
    static final long STX_ATIME = 64;
    static final long STX_BTIME = 80;
    static final long STX_CTIME = 96;
    static final long STX_MTIME = 112;
    /** Of a time, beside its seconds. */
    static final long STX_NSEC = 8;

    static final long STX_RDEV_MAJOR = 128;
    static final long STX_RDEV_MINOR = 132;
    static final long STX_DEV_MAJOR = 136;
    static final long STX_DEV_MINOR = 140;
    static final long STX_MNT_ID = 144;
    static final long STX_DIO_MEM_ALIGN = 152;
    static final long STX_DIO_OFFSET_ALIGN = 156;

    static final long ITIMERSPEC_SIZE = 32;
    static final long IT_INTERVAL = 0;
    static final long IT_VALUE = 16;

    private FileLayout() {}
}
