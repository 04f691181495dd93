package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** System calls about what lies below a disk image: file systems, block devices, locks. */
public final class Disks {
    /** f_type of tmpfs. */
    public static final long TMPFS = 0x0102_1994L;
    /** f_type of hugetlbfs. */
    public static final long HUGETLBFS = 0x9584_58f6L;
    /** f_type of ramfs. */
    public static final long RAMFS = 0x8584_58f6L;

    private static final int STATFS_SIZE = 120;
    private static final int BLKROGET = 0x125e;
    private static final int BLKDISCARD = 0x1277;
    private static final int F_OFD_GETLK = 36;

    private final Kernel kernel;

    /** The calls of this process's door. */
    public Disks(Linux linux) {
        kernel = linux.kernel();
    }

    /** fstatfs(2): the magic number of the file system that holds this file. */
    public long fileSystemType(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statfs = arena.allocate(STATFS_SIZE, 8);
            Call.check(kernel.call(Syscall.FSTATFS, fd.number(), statfs.address(), 0, 0, 0, 0), Syscall.FSTATFS, fd);
            return statfs.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /** Whether a block device refuses writes (BLKROGET). */
    public boolean isReadOnly(Fd device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
            Call.check(
                    kernel.call(Syscall.IOCTL, device.number(), BLKROGET, value.address(), 0, 0, 0),
                    Syscall.IOCTL,
                    "BLKROGET of " + device);
            return value.get(ValueLayout.JAVA_INT, 0) != 0;
        }
    }

    /** BLKDISCARD. @return 0, or minus the errno */
    public long tryDiscard(Fd device, long offset, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment range = arena.allocate(ValueLayout.JAVA_LONG, 2);
            range.set(ValueLayout.JAVA_LONG, 0, offset);
            range.set(ValueLayout.JAVA_LONG, 8, length);
            return kernel.call(Syscall.IOCTL, device.number(), BLKDISCARD, range.address(), 0, 0, 0);
        }
    }

    /**
     * A lock that stands in the way of this one (F_OFD_GETLK). The first that the kernel finds; there may be more.
     *
     * @param length 0: to the end of the file and beyond
     */
    public Optional<HeldLock> conflict(Fd fd, LockType type, long start, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = Files.flock(arena, type, start, length);
            Call.check(
                    kernel.call(Syscall.FCNTL, fd.number(), F_OFD_GETLK, flock.address(), 0, 0, 0),
                    Syscall.FCNTL,
                    "F_OFD_GETLK of " + fd);
            short held = flock.get(ValueLayout.JAVA_SHORT, FileLayout.L_TYPE);
            if (held == LockType.NONE.bits()) {
                return Optional.empty();
            }
            return Optional.of(new HeldLock(
                    held == LockType.WRITE.bits() ? LockType.WRITE : LockType.READ,
                    flock.get(ValueLayout.JAVA_LONG, FileLayout.L_START),
                    flock.get(ValueLayout.JAVA_LONG, FileLayout.L_LEN)));
        }
    }
}
