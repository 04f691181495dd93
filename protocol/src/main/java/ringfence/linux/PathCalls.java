package ringfence.linux;

import java.lang.foreign.MemorySegment;

/**
 * System calls on a name below an open directory. None follows a symbolic link at the name's end, none allocates, and each
 * answers with its result or with minus the errno, as the manual page of the call says. Any thread.
 */
public final class PathCalls {
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_REMOVEDIR = 0x200;
    private static final int AT_NO_AUTOMOUNT = 0x800;

    private final Kernel kernel;

    PathCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    /** statx(2), mounting nothing. @return 0, or minus the errno */
    public long tryStat(Fd directory, Name name, Statx into) {
        return Call.keeping(
                name,
                into,
                kernel.call(
                        Syscall.STATX,
                        directory.number(),
                        name.address(),
                        AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
                        Statx.STATX_BASIC_STATS | Statx.STATX_BTIME,
                        into.address(),
                        0));
    }

    /** openat2(2). @return the descriptor, which the caller owns ({@link #own}), or minus the errno */
    public long tryOpen(Fd directory, Name name, OpenHow how) {
        return Call.keeping(
                name,
                how,
                kernel.call(
                        Syscall.OPENAT2,
                        directory.number(),
                        name.address(),
                        how.address(),
                        FileLayout.OPEN_HOW_SIZE,
                        0,
                        0));
    }

    /** Takes ownership of what {@link #tryOpen} and its like have opened. @param descriptor their result, 0 or above */
    public Fd own(long descriptor) {
        return Fd.own(kernel, (int) descriptor);
    }

    /** mknodat(2). @param device of a device file, as the kernel encodes it in 32 bits; 0 for others */
    public long tryMakeNode(Fd directory, Name name, int mode, int device) {
        return Call.keeping(
                name,
                kernel.call(
                        Syscall.MKNODAT,
                        directory.number(),
                        name.address(),
                        mode,
                        Integer.toUnsignedLong(device),
                        0,
                        0));
    }

    /** mkdirat(2). */
    public long tryMakeDirectory(Fd directory, Name name, int mode) {
        return Call.keeping(name, kernel.call(Syscall.MKDIRAT, directory.number(), name.address(), mode, 0, 0, 0));
    }

    /** symlinkat(2). @param target what the link says: any text */
    public long tryMakeSymlink(Name target, Fd directory, Name name) {
        return Call.keeping(
                target,
                name,
                kernel.call(Syscall.SYMLINKAT, target.address(), directory.number(), name.address(), 0, 0, 0));
    }

    /** unlinkat(2) of what is no directory. */
    public long tryUnlink(Fd directory, Name name) {
        return Call.keeping(name, kernel.call(Syscall.UNLINKAT, directory.number(), name.address(), 0, 0, 0, 0));
    }

    /** unlinkat(2) of a directory, which must be empty. */
    public long tryRemoveDirectory(Fd directory, Name name) {
        return Call.keeping(
                name, kernel.call(Syscall.UNLINKAT, directory.number(), name.address(), AT_REMOVEDIR, 0, 0, 0));
    }

    /** renameat2(2). @param flags RENAME_ bits */
    public long tryRename(Fd from, Name name, Fd to, Name newName, int flags) {
        return Call.keeping(
                name,
                newName,
                kernel.call(
                        Syscall.RENAMEAT2,
                        from.number(),
                        name.address(),
                        to.number(),
                        newName.address(),
                        Integer.toUnsignedLong(flags),
                        0));
    }

    /** readlinkat(2) of a link that is open as O_PATH. @return bytes of its text, cut to {@code length} */
    public long tryReadLink(Fd link, Name empty, MemorySegment into, long at, int length) {
        return Call.keeping(
                empty,
                into,
                kernel.call(
                        Syscall.READLINKAT,
                        link.number(),
                        empty.address(),
                        into.asSlice(at, length).address(),
                        length,
                        0,
                        0));
    }

    /** getdents64(2): {@code struct linux_dirent64 { u64 ino, s64 off, u16 reclen, u8 type, char name[] }}, whole ones. */
    public long tryEntries(Fd directory, MemorySegment into) {
        return Call.keeping(
                into, kernel.call(Syscall.GETDENTS64, directory.number(), into.address(), into.byteSize(), 0, 0, 0));
    }
}
