package ringfence.sandbox;

import java.util.EnumSet;
import java.util.Set;
import ringfence.linux.Syscall;

/** What some of our daemons do and others do not: who does not need it is denied its system calls. */
public enum Need {
    /** To open files by name, once it serves. */
    FILES(Syscall.OPEN, Syscall.CREAT, Syscall.OPENAT, Syscall.OPENAT2),

    /** To make io_urings, by which newer kernels make any socket. */
    RINGS(Syscall.IO_URING_SETUP, Syscall.IO_URING_ENTER, Syscall.IO_URING_REGISTER),

    /**
     * To act in a folder for others: to open by a handle, to make and rename, and to change what Landlock does not guard, a
     * mode, an owner or an attribute.
     */
    FOLDERS(
            Syscall.OPEN_BY_HANDLE_AT,
            Syscall.MKDIR,
            Syscall.MKDIRAT,
            Syscall.MKNOD,
            Syscall.MKNODAT,
            Syscall.LINK,
            Syscall.LINKAT,
            Syscall.SYMLINK,
            Syscall.SYMLINKAT,
            Syscall.RENAME,
            Syscall.RENAMEAT,
            Syscall.RENAMEAT2,
            Syscall.RMDIR,
            Syscall.CHMOD,
            Syscall.FCHMOD,
            Syscall.FCHMODAT,
            Syscall.CHOWN,
            Syscall.LCHOWN,
            Syscall.FCHOWN,
            Syscall.FCHOWNAT,
            Syscall.SETXATTR,
            Syscall.LSETXATTR,
            Syscall.FSETXATTR,
            Syscall.REMOVEXATTR,
            Syscall.LREMOVEXATTR,
            Syscall.FREMOVEXATTR,
            Syscall.UTIME,
            Syscall.UTIMES,
            Syscall.FUTIMESAT,
            Syscall.UTIMENSAT),

    /** To act as other users, once it serves: a shell that starts it may call these for its own user (BusyBox). */
    USERS(
            Syscall.SETUID,
            Syscall.SETGID,
            Syscall.SETREUID,
            Syscall.SETREGID,
            Syscall.SETRESUID,
            Syscall.SETRESGID,
            Syscall.SETFSUID,
            Syscall.SETFSGID,
            Syscall.SETGROUPS,
            Syscall.CAPSET);

    private final Set<Syscall> calls;

    Need(Syscall... calls) {
        this.calls = Set.of(calls);
    }

    /** The calls of these of all that are not needed. */
    static Set<Syscall> unneeded(Set<Need> all, Set<Need> needed) {
        Set<Syscall> calls = EnumSet.noneOf(Syscall.class);
        for (Need one : all) {
            if (!needed.contains(one)) {
                calls.addAll(one.calls);
            }
        }
        return calls;
    }
}
