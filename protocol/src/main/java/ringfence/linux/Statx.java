package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What statx(2) tells of a file, in native memory that is reused from call to call. Not safe for concurrent use.
 *
 * <pre>{@code
 * struct statx { __u32 stx_mask, stx_blksize; __u64 stx_attributes; __u32 stx_nlink, stx_uid, stx_gid; __u16 stx_mode;
 *     __u64 stx_ino, stx_size, stx_blocks, stx_attributes_mask; struct statx_timestamp stx_atime, stx_btime, stx_ctime,
 *     stx_mtime; __u32 stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor; __u64 stx_mnt_id; ... };
 * }</pre>
 */
public final class Statx {
    /** What stat(2) tells, and the time of birth. */
    public static final int STATX_BASIC_STATS = 0x7ff;
    /** See {@link #bornSeconds}. */
    public static final int STATX_BTIME = 0x800;

    /** Type bits of a mode, and the types. */
    public static final int S_IFMT = 0xF000;
    /** A directory. */
    public static final int S_IFDIR = 0x4000;
    /** A regular file. */
    public static final int S_IFREG = 0x8000;
    /** A symbolic link. */
    public static final int S_IFLNK = 0xA000;

    private static final int STATX_ATTR_MOUNT_ROOT = 0x2000;

    private final MemorySegment memory = Arena.ofAuto().allocate(FileLayout.STATX_SIZE + StatLayout.SIZE, 8);

    private long home;

    long address() {
        return memory.address();
    }

    /** Where fstat(2) puts a {@code struct stat}, for {@link #fromStat}. */
    long statAddress() {
        return memory.address() + FileLayout.STATX_SIZE;
    }

    /**
     * Takes over what fstat(2) has told: no mount but the {@link #home}, no birth, and no attributes. The kernel makes that in
     * less time than what statx(2) tells.
     */
    void fromStat() {
        memory.set(ValueLayout.JAVA_INT, FileLayout.STX_MASK, STATX_BASIC_STATS);
        memory.set(ValueLayout.JAVA_INT, FileLayout.STX_BLKSIZE, statWord(StatLayout.BLKSIZE));
        memory.set(ValueLayout.JAVA_LONG, FileLayout.STX_ATTRIBUTES, 0);
        memory.set(ValueLayout.JAVA_INT, FileLayout.STX_NLINK, statWord(StatLayout.NLINK));
        memory.set(ValueLayout.JAVA_INT, FileLayout.STX_UID, statWord(StatLayout.UID));
        memory.set(ValueLayout.JAVA_INT, FileLayout.STX_GID, statWord(StatLayout.GID));
        memory.set(ValueLayout.JAVA_SHORT, FileLayout.STX_MODE, (short) statWord(StatLayout.MODE));
        memory.set(ValueLayout.JAVA_LONG, FileLayout.STX_INO, stat(StatLayout.INO));
        memory.set(ValueLayout.JAVA_LONG, FileLayout.STX_SIZE, stat(StatLayout.FILE_SIZE));
        memory.set(ValueLayout.JAVA_LONG, FileLayout.STX_BLOCKS, stat(StatLayout.BLOCKS));
        time(FileLayout.STX_ATIME, StatLayout.ATIME);
        time(FileLayout.STX_CTIME, StatLayout.CTIME);
        time(FileLayout.STX_MTIME, StatLayout.MTIME);
        number(FileLayout.STX_RDEV_MAJOR, FileLayout.STX_RDEV_MINOR, stat(StatLayout.RDEV));
        number(FileLayout.STX_DEV_MAJOR, FileLayout.STX_DEV_MINOR, stat(StatLayout.DEV));
        memory.set(ValueLayout.JAVA_LONG, FileLayout.STX_MNT_ID, home);
    }

    private long stat(long at) {
        return memory.get(ValueLayout.JAVA_LONG, FileLayout.STATX_SIZE + at);
    }

    private int statWord(long at) {
        return memory.get(ValueLayout.JAVA_INT, FileLayout.STATX_SIZE + at);
    }

    private void time(long to, long from) {
        memory.set(ValueLayout.JAVA_LONG, to, stat(from));
        memory.set(ValueLayout.JAVA_INT, to + FileLayout.STX_NSEC, (int) stat(from + Long.BYTES));
    }

    /** A device's number: see new_encode_dev in the kernel's include/linux/kdev_t.h. */
    private void number(long toMajor, long toMinor, long encoded) {
        memory.set(ValueLayout.JAVA_INT, toMajor, (int) (encoded >>> 8 & 0xFFF));
        memory.set(ValueLayout.JAVA_INT, toMinor, (int) (encoded & 0xFF | encoded >>> 12 & 0xFFF00));
    }

    private int word(long at) {
        return memory.get(ValueLayout.JAVA_INT, at);
    }

    private long wide(long at) {
        return memory.get(ValueLayout.JAVA_LONG, at);
    }

    /**
     * Device of its file system: major number in the upper half, minor in the lower. In other mounts than the {@link #home}
     * that was named, the mount's number is added, in bits that devices leave free: a folder that is mounted in two places is
     * two.
     */
    public long device() {
        long device = fileSystem();
        long mount = mount();
        return home == 0 || mount == home ? device : device ^ mount << 44 ^ (mount >>> 20 & 0xFFF) << 20;
    }

    /** The same, whatever mount it was reached through. */
    public long fileSystem() {
        return (long) word(FileLayout.STX_DEV_MAJOR) << 32 | Integer.toUnsignedLong(word(FileLayout.STX_DEV_MINOR));
    }

    /** Number of the mount through which it was reached; 0 before Linux 5.8. */
    public long mount() {
        return wide(FileLayout.STX_MNT_ID);
    }

    /** From now on {@link #device} tells other mounts than this one apart. @param mount a {@link #mount}; 0: none */
    public void home(long mount) {
        home = mount;
    }

    /** Inode number. */
    public long inode() {
        return wide(FileLayout.STX_INO);
    }

    /**
     * Whether it is the file of the other one, too, whatever mounts they were reached through: both are open, or their numbers
     * may have been used again.
     */
    public boolean isSameFile(Statx other) {
        return inode() == other.inode() && fileSystem() == other.fileSystem();
    }

    /** Type and permission bits. */
    public int mode() {
        return memory.get(ValueLayout.JAVA_SHORT, FileLayout.STX_MODE) & 0xFFFF;
    }

    /** Whether it is a directory. */
    public boolean isDirectory() {
        return (mode() & S_IFMT) == S_IFDIR;
    }

    /** Whether it is a regular file. */
    public boolean isRegular() {
        return (mode() & S_IFMT) == S_IFREG;
    }

    /** Whether something is mounted there, and this is the root of that. */
    public boolean isMountRoot() {
        return (wide(FileLayout.STX_ATTRIBUTES) & STATX_ATTR_MOUNT_ROOT) != 0;
    }

    /** Names that it has. */
    public int links() {
        return word(FileLayout.STX_NLINK);
    }

    /** Owner. */
    public int user() {
        return word(FileLayout.STX_UID);
    }

    /** Group. */
    public int group() {
        return word(FileLayout.STX_GID);
    }

    /** Bytes. */
    public long size() {
        return wide(FileLayout.STX_SIZE);
    }

    /** Occupied units of 512 bytes. */
    public long blocks() {
        return wide(FileLayout.STX_BLOCKS);
    }

    /** Bytes of a block for good I/O. */
    public int blockSize() {
        return word(FileLayout.STX_BLKSIZE);
    }

    /** Device number of a device file, as mknod(2) takes it. */
    public int deviceNumber() {
        int minor = word(FileLayout.STX_RDEV_MINOR);
        return minor & 0xFF | word(FileLayout.STX_RDEV_MAJOR) << 8 | (minor & ~0xFF) << 12;
    }

    /** Seconds of the last access. */
    public long accessSeconds() {
        return wide(FileLayout.STX_ATIME);
    }

    /** Nanoseconds beside {@link #accessSeconds}. */
    public int accessNanos() {
        return word(FileLayout.STX_ATIME + FileLayout.STX_NSEC);
    }

    /** Seconds of the last change of data. */
    public long modifySeconds() {
        return wide(FileLayout.STX_MTIME);
    }

    /** Nanoseconds beside {@link #modifySeconds}. */
    public int modifyNanos() {
        return word(FileLayout.STX_MTIME + FileLayout.STX_NSEC);
    }

    /** Seconds of the last change of any kind. */
    public long changeSeconds() {
        return wide(FileLayout.STX_CTIME);
    }

    /** Nanoseconds beside {@link #changeSeconds}. */
    public int changeNanos() {
        return word(FileLayout.STX_CTIME + FileLayout.STX_NSEC);
    }

    /** Whether the file system knows when it was made: {@link #bornSeconds} and {@link #bornNanos} say so. */
    public boolean knowsBirth() {
        return (word(FileLayout.STX_MASK) & STATX_BTIME) != 0;
    }

    /** Seconds of its birth. */
    public long bornSeconds() {
        return wide(FileLayout.STX_BTIME);
    }

    /** Nanoseconds beside {@link #bornSeconds}. */
    public int bornNanos() {
        return word(FileLayout.STX_BTIME + FileLayout.STX_NSEC);
    }
}
