package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** System calls on files. Every descriptor that they open is close-on-exec and belongs to the caller. */
public final class Files {
    private static final int AT_FDCWD = -100;
    private static final int O_CLOEXEC = 0x80000;
    private static final int PATH_MAX = 4096;
    private static final int BLKSSZGET = 0x1268;
    private static final int BLKPBSZGET = 0x127B;
    private static final int BLKGETSIZE64 = 0x80081272; // fits an int by its bits; the kernel takes 32 of them

    private final Kernel kernel;

    Files(Kernel kernel) {
        this.kernel = kernel;
    }

    /** open(2). */
    public Fd open(String path, OpenFlag... flags) {
        return open(path, 0, flags);
    }

    /** open(2), with permission bits for a file that it creates. */
    public Fd open(String path, int mode, OpenFlag... flags) {
        try (Arena arena = Arena.ofConfined()) {
            long result = kernel.call(
                    Syscall.OPENAT,
                    AT_FDCWD,
                    CString.in(arena, path).address(),
                    Flag.bits(flags) | O_CLOEXEC,
                    mode,
                    0,
                    0);
            return Fd.own(kernel, (int) Call.check(result, Syscall.OPENAT, path));
        }
    }

    /** openat2(2) below a directory, within the bounds given; fails with EXDEV or ELOOP where it would leave them. */
    public Fd openBelow(Fd directory, String path, int mode, Set<Resolve> resolve, OpenFlag... flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment how = arena.allocate(FileLayout.OPEN_HOW_SIZE, 8);
            how.set(ValueLayout.JAVA_LONG, FileLayout.HOW_FLAGS, Flag.bits(flags) | O_CLOEXEC);
            how.set(ValueLayout.JAVA_LONG, FileLayout.HOW_MODE, mode);
            how.set(ValueLayout.JAVA_LONG, FileLayout.HOW_RESOLVE, Flag.bits(resolve.toArray(Flag[]::new)));
            long result = kernel.call(
                    Syscall.OPENAT2,
                    directory.number(),
                    CString.in(arena, path).address(),
                    how.address(),
                    how.byteSize(),
                    0,
                    0);
            return Fd.own(kernel, (int) Call.check(result, Syscall.OPENAT2, path));
        }
    }

    /** A close-on-exec duplicate of a descriptor that is known by its number only, such as standard input, 0. */
    public Fd duplicate(int number) {
        long result = kernel.call(Syscall.FCNTL, number, 1030 /* F_DUPFD_CLOEXEC */, 0, 0, 0, 0);
        return Fd.own(kernel, (int) Call.check(result, Syscall.FCNTL, "F_DUPFD_CLOEXEC of " + number));
    }

    /**
     * A descriptor that we were started with, under another number and close-on-exec; the number that is known is closed.
     *
     * @throws ErrnoException EBADF: it is no open descriptor
     */
    public Fd takeOver(int number) {
        Fd ours = duplicate(number);
        Fd.own(kernel, number).close();
        return ours;
    }

    /** What a descriptor stands for: a path, {@code anon_inode:[eventfd]}, {@code /memfd:name (deleted)}, ... */
    public String target(Fd fd) {
        return readLink("/proc/self/fd/" + fd.number());
    }

    /** readlinkat(2) of a path. */
    public String readLink(String path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(PATH_MAX);
            long result = kernel.call(
                    Syscall.READLINKAT, AT_FDCWD, CString.in(arena, path).address(), target.address(), PATH_MAX, 0, 0);
            byte[] bytes = target.asSlice(0, Call.check(result, Syscall.READLINKAT, path))
                    .toArray(ValueLayout.JAVA_BYTE);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** Removes a name (unlinkat). @return false if there was none */
    public boolean unlink(String path) {
        try (Arena arena = Arena.ofConfined()) {
            long result = kernel.call(
                    Syscall.UNLINKAT, AT_FDCWD, CString.in(arena, path).address(), 0, 0, 0, 0);
            return result != -Errno.ENOENT.number() && Call.check(result, Syscall.UNLINKAT, path) == 0;
        }
    }

    /** Bytes of a block device (BLKGETSIZE64), or of a regular file. */
    public long size(Fd fd) {
        Stat stat = stat(fd);
        if (!stat.isBlockDevice()) {
            return stat.size();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(8, 8);
            long result = kernel.call(Syscall.IOCTL, fd.number(), BLKGETSIZE64, size.address(), 0, 0, 0);
            Call.check(result, Syscall.IOCTL, "BLKGETSIZE64 of " + fd);
            return size.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /** Bytes of a block device's logical sector (BLKSSZGET). @throws ErrnoException ENOTTY: no block device */
    public int sectorSize(Fd device) {
        return blockNumber(device, BLKSSZGET, "BLKSSZGET");
    }

    /** Bytes of a block device's physical block (BLKPBSZGET). @throws ErrnoException ENOTTY: no block device */
    public int physicalBlockSize(Fd device) {
        return blockNumber(device, BLKPBSZGET, "BLKPBSZGET");
    }

    private int blockNumber(Fd device, int request, String what) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(4, 4);
            long result = kernel.call(Syscall.IOCTL, device.number(), request, number.address(), 0, 0, 0);
            Call.check(result, Syscall.IOCTL, what + " of " + device);
            return number.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /**
     * lseek(2). @param whence 0 SEEK_SET, 1 SEEK_CUR, 2 SEEK_END, 3 SEEK_DATA, 4 SEEK_HOLE
     * @return the new offset, or minus the errno (ENXIO: no data behind it)
     */
    public long trySeek(Fd fd, long offset, int whence) {
        return kernel.call(Syscall.LSEEK, fd.number(), offset, whence, 0, 0, 0);
    }

    /** fstat(2). */
    public Stat stat(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stat = arena.allocate(StatLayout.SIZE, 8);
            Call.check(kernel.call(Syscall.FSTAT, fd.number(), stat.address(), 0, 0, 0, 0), Syscall.FSTAT, fd);
            return StatLayout.read(stat);
        }
    }

    /** read(2) into a segment. @return bytes read; 0 at the end */
    public int read(Fd fd, MemorySegment into) {
        return (int) Call.check(
                Call.keeping(into, kernel.call(Syscall.READ, fd.number(), into.address(), into.byteSize(), 0, 0, 0)),
                Syscall.READ,
                fd);
    }

    /** write(2) from a segment. @return bytes written */
    public int write(Fd fd, MemorySegment from) {
        return (int) Call.check(
                Call.keeping(from, kernel.call(Syscall.WRITE, fd.number(), from.address(), from.byteSize(), 0, 0, 0)),
                Syscall.WRITE,
                fd);
    }

    /** read(2) whose error is its result: minus the errno. */
    public long tryRead(Fd fd, MemorySegment into) {
        return Call.keeping(into, kernel.call(Syscall.READ, fd.number(), into.address(), into.byteSize(), 0, 0, 0));
    }

    /** write(2) whose error is its result: minus the errno. */
    public long tryWrite(Fd fd, MemorySegment from) {
        return Call.keeping(from, kernel.call(Syscall.WRITE, fd.number(), from.address(), from.byteSize(), 0, 0, 0));
    }

    /** preadv2(2). @param flags RWF_ bits @return bytes read, or minus the errno: this is the data path */
    public long tryRead(Fd fd, IoVec into, long offset, int flags) {
        // the 64-bit offset travels in one register, its upper half, in the next, is ignored on x86-64
        return flags == 0
                ? Call.keeping(
                        into, kernel.call(Syscall.PREADV, fd.number(), into.address(), into.count(), offset, 0, 0))
                : Call.keeping(
                        into,
                        kernel.call(Syscall.PREADV2, fd.number(), into.address(), into.count(), offset, 0, flags));
    }

    /** pwritev2(2). @param flags RWF_ bits @return bytes written, or minus the errno: this is the data path */
    public long tryWrite(Fd fd, IoVec from, long offset, int flags) {
        return flags == 0
                ? Call.keeping(
                        from, kernel.call(Syscall.PWRITEV, fd.number(), from.address(), from.count(), offset, 0, 0))
                : Call.keeping(
                        from,
                        kernel.call(Syscall.PWRITEV2, fd.number(), from.address(), from.count(), offset, 0, flags));
    }

    /** pread64(2) at an address that the caller has checked. @return bytes read, or minus the errno */
    public long tryRead(Fd fd, MemorySegment memory, long at, long length, long offset) {
        return Call.keeping(
                memory, kernel.call(Syscall.PREAD64, fd.number(), memory.address() + at, length, offset, 0, 0));
    }

    /** pwrite64(2) from an address that the caller has checked. @return bytes written, or minus the errno */
    public long tryWrite(Fd fd, MemorySegment memory, long at, long length, long offset) {
        return Call.keeping(
                memory, kernel.call(Syscall.PWRITE64, fd.number(), memory.address() + at, length, offset, 0, 0));
    }

    /** Duplicates a descriptor and closes that one: what close(2) says to it. @return 0, or minus the errno */
    public long tryCloseDuplicate(Fd fd) {
        long duplicate = kernel.call(Syscall.FCNTL, fd.number(), 1030 /* F_DUPFD_CLOEXEC */, 0, 0, 0, 0);
        return duplicate < 0 ? duplicate : kernel.call(Syscall.CLOSE, duplicate, 0, 0, 0, 0, 0);
    }

    /** fdatasync(2). @return 0, or minus the errno */
    public long tryDataSync(Fd fd) {
        return kernel.call(Syscall.FDATASYNC, fd.number(), 0, 0, 0, 0, 0);
    }

    /** fsync(2). @return 0, or minus the errno */
    public long trySync(Fd fd) {
        return kernel.call(Syscall.FSYNC, fd.number(), 0, 0, 0, 0, 0);
    }

    /** fallocate(2). @param mode FALLOC_FL_ bits @return 0, or minus the errno */
    public long tryAllocate(Fd fd, int mode, long offset, long length) {
        return kernel.call(Syscall.FALLOCATE, fd.number(), mode, offset, length, 0, 0);
    }

    /** ftruncate(2). */
    public void truncate(Fd fd, long size) {
        Call.check(
                kernel.call(Syscall.FTRUNCATE, fd.number(), size, 0, 0, 0, 0), Syscall.FTRUNCATE, fd + " to " + size);
    }

    /** umask(2). @return the mask before */
    public int umask(int mask) {
        return (int) kernel.call(Syscall.UMASK, mask, 0, 0, 0, 0, 0);
    }

    /**
     * Tries to take, or to drop, an open-file-description lock on a byte range (F_OFD_SETLK).
     *
     * @param length 0: to the end of the file and beyond
     * @return false if somebody else holds a conflicting lock
     */
    public boolean tryLock(Fd fd, LockType type, long start, long length) {
        long result = lock(fd, 37 /* F_OFD_SETLK */, type, start, length);
        if (result == -Errno.EAGAIN.number() || result == -Errno.EACCES.number()) {
            return false;
        }
        Call.check(result, Syscall.FCNTL, "F_OFD_SETLK " + type + " " + start + "+" + length + " of " + fd);
        return true;
    }

    /** Waits for an open-file-description lock (F_OFD_SETLKW). Not bounded: give it a thread of its own. */
    public void lock(Fd fd, LockType type, long start, long length) {
        long result;
        do {
            result = lock(fd, 38 /* F_OFD_SETLKW */, type, start, length);
        } while (result == -Errno.EINTR.number());
        Call.check(result, Syscall.FCNTL, "F_OFD_SETLKW " + type + " " + start + "+" + length + " of " + fd);
    }

    /** Whether a lock of this type would be refused now (F_OFD_GETLK). */
    public boolean wouldConflict(Fd fd, LockType type, long start, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = flock(arena, type, start, length);
            Call.check(
                    kernel.call(Syscall.FCNTL, fd.number(), 36 /* F_OFD_GETLK */, flock.address(), 0, 0, 0),
                    Syscall.FCNTL,
                    "F_OFD_GETLK of " + fd);
            return flock.get(ValueLayout.JAVA_SHORT, FileLayout.L_TYPE) != LockType.NONE.bits();
        }
    }

    private long lock(Fd fd, int command, LockType type, long start, long length) {
        try (Arena arena = Arena.ofConfined()) {
            return kernel.call(
                    Syscall.FCNTL,
                    fd.number(),
                    command,
                    flock(arena, type, start, length).address(),
                    0,
                    0,
                    0);
        }
    }

    /** A {@code struct flock}, whence SEEK_SET. */
    static MemorySegment flock(Arena arena, LockType type, long start, long length) {
        MemorySegment flock = arena.allocate(FileLayout.FLOCK_SIZE, 8);
        flock.set(ValueLayout.JAVA_SHORT, FileLayout.L_TYPE, (short) type.bits());
        flock.set(ValueLayout.JAVA_LONG, FileLayout.L_START, start);
        flock.set(ValueLayout.JAVA_LONG, FileLayout.L_LEN, length);
        return flock;
    }

    /** The status flags of the open file (F_GETFL), such as the access mode in the lowest two bits. */
    public int statusFlags(Fd fd) {
        return (int) Call.check(
                kernel.call(Syscall.FCNTL, fd.number(), 3 /* F_GETFL */, 0, 0, 0, 0),
                Syscall.FCNTL,
                "F_GETFL of " + fd);
    }

    /** Sets or clears O_NONBLOCK. */
    public void nonBlocking(Fd fd, boolean on) {
        int flags = statusFlags(fd) & ~OpenFlag.NONBLOCK.bits() | (on ? OpenFlag.NONBLOCK.bits() : 0);
        Call.check(
                kernel.call(Syscall.FCNTL, fd.number(), 4 /* F_SETFL */, flags, 0, 0, 0),
                Syscall.FCNTL,
                "F_SETFL of " + fd);
    }
}
