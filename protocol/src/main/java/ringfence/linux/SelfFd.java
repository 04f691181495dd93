package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Files that are open as O_PATH, reached through the magic links of /proc/self/fd: opened in earnest, changed, asked for
 * extended attributes. It is the file itself that is reached, whatever happened to its name; of a symbolic link, the link.
 *
 * <p>Nothing allocates, each call answers with its result or minus the errno. Not safe for concurrent use: each thread has
 * one of its own.
 */
public final class SelfFd {
    private static final byte[] FOLDER = {'/', 'p', 'r', 'o', 'c', '/', 's', 'e', 'l', 'f', '/', 'f', 'd', '/'};
    private static final int DIGITS = 10;
    private static final int AT_SYMLINK_FOLLOW = 0x400;
    private static final int O_CLOEXEC = 0x80000;

    private final Kernel kernel;
    private final Fd directory;
    /** "/proc/self/fd/N": its end is the name below {@link #directory}. */
    private final MemorySegment path = Arena.ofAuto().allocate(FOLDER.length + DIGITS + 1L);

    /** @param directory /proc/self/fd; not owned */
    SelfFd(Kernel kernel, Fd directory) {
        this.kernel = kernel;
        this.directory = directory;
        MemorySegment.copy(FOLDER, 0, path, ValueLayout.JAVA_BYTE, 0, FOLDER.length);
    }

    /** Address of "N". */
    private long name(Fd file) {
        int number = file.number();
        int digits = 1;
        for (int rest = number; rest >= 10; rest /= 10) {
            digits++;
        }
        int at = FOLDER.length + digits;
        path.set(ValueLayout.JAVA_BYTE, at, (byte) 0);
        do {
            path.set(ValueLayout.JAVA_BYTE, --at, (byte) ('0' + number % 10));
            number /= 10;
        } while (number > 0);
        return path.address() + FOLDER.length;
    }

    private long path(Fd file) {
        name(file);
        return path.address();
    }

    /** openat(2) of the file itself. @param flags O_ bits; O_NOFOLLOW not @return the descriptor, or minus the errno */
    public long tryOpen(Fd file, int flags) {
        return kernel.call(
                Syscall.OPENAT, directory.number(), name(file), Integer.toUnsignedLong(flags | O_CLOEXEC), 0, 0, 0);
    }

    /**
     * readlinkat(2): the path by which the kernel knows the file now, with {@code " (deleted)"} behind it if it has no name;
     * "/" if it knows none that leads from a mount to the file.
     *
     * @return bytes, or minus the errno
     */
    public long tryPath(Fd file, MemorySegment into) {
        return Call.keeping(
                into,
                kernel.call(Syscall.READLINKAT, directory.number(), name(file), into.address(), into.byteSize(), 0, 0));
    }

    /** openat(2) with O_TMPFILE in a directory. @param flags O_ bits, O_TMPFILE among them */
    public long tryOpenUnnamed(Fd folder, int flags, int mode) {
        return kernel.call(
                Syscall.OPENAT,
                directory.number(),
                name(folder),
                Integer.toUnsignedLong(flags | O_CLOEXEC),
                mode,
                0,
                0);
    }

    /** fchmodat(2); EOPNOTSUPP for a symbolic link. */
    public long tryMode(Fd file, int mode) {
        return kernel.call(Syscall.FCHMODAT, directory.number(), name(file), mode, 0, 0, 0);
    }

    /** utimensat(2). */
    public long tryTimes(Fd file, TimePair times) {
        return Call.keeping(
                times, kernel.call(Syscall.UTIMENSAT, directory.number(), name(file), times.address(), 0, 0, 0));
    }

    /** linkat(2): gives the file one more name. */
    public long tryLink(Fd file, Fd to, Name newName) {
        return Call.keeping(
                newName,
                kernel.call(
                        Syscall.LINKAT,
                        directory.number(),
                        name(file),
                        to.number(),
                        newName.address(),
                        AT_SYMLINK_FOLLOW,
                        0));
    }

    /** setxattr(2). @param flags XATTR_CREATE 1, XATTR_REPLACE 2 */
    public long trySetXattr(Fd file, Name name, MemorySegment value, long at, long length, int flags) {
        long address = length == 0 ? 0 : value.asSlice(at, length).address();
        return Call.keeping(
                name, value, kernel.call(Syscall.SETXATTR, path(file), name.address(), address, length, flags, 0));
    }

    /** getxattr(2). @param length 0: only tell the size */
    public long tryGetXattr(Fd file, Name name, MemorySegment into, long at, long length) {
        long address = into.asSlice(at, length).address();
        return Call.keeping(
                name, into, kernel.call(Syscall.GETXATTR, path(file), name.address(), address, length, 0, 0));
    }

    /** listxattr(2). @param length 0: only tell the size */
    public long tryListXattr(Fd file, MemorySegment into, long at, long length) {
        return Call.keeping(
                into,
                kernel.call(
                        Syscall.LISTXATTR, path(file), into.asSlice(at, length).address(), length, 0, 0, 0));
    }

    /** removexattr(2). */
    public long tryRemoveXattr(Fd file, Name name) {
        return Call.keeping(name, kernel.call(Syscall.REMOVEXATTR, path(file), name.address(), 0, 0, 0, 0));
    }
}
