package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What is mounted where, for a thread that has a {@linkplain Namespace#MOUNT namespace of mounts} of its own, and for what it
 * starts (mount_namespaces(7)). All of it takes CAP_SYS_ADMIN, and is denied to a thread with Landlock's rules (EPERM).
 */
public final class Mounts {
    private static final int AT_FDCWD = -100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int AT_RECURSIVE = 0x8000;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int OPEN_TREE_CLONE = 1;
    private static final int OPEN_TREE_CLOEXEC = 0x80000;
    private static final int MOVE_MOUNT_F_EMPTY_PATH = 4;
    private static final int MS_NOSUID = 2;
    private static final int MS_NODEV = 4;
    private static final int MS_NOEXEC = 8;
    private static final int MS_MOVE = 0x2000;
    private static final int MS_REC = 0x4000;
    private static final int MS_SLAVE = 0x8_0000;
    private static final int MNT_DETACH = 2;
    private static final long MOUNT_ATTR_RDONLY = 1;
    /** {@code attr_set}, {@code attr_clr}, {@code propagation}, {@code userns_fd}. */
    private static final int ATTRIBUTES_SIZE = 32;

    private final Kernel kernel;

    Mounts(Kernel kernel) {
        this.kernel = kernel;
    }

    /** What the host mounts and unmounts from now on is seen here; what is mounted here is not seen there. */
    public void followHost() {
        mount("none", "/", MS_SLAVE | MS_REC, "");
    }

    /** An empty file system in memory over a directory, of so many bytes, for everybody to read. */
    public void memory(String directory, int bytes) {
        mount("tmpfs", directory, MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=" + bytes);
    }

    private void mount(String what, String where, int flags, String options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment type = CString.in(arena, what);
            long result = kernel.call(
                    Syscall.MOUNT,
                    type.address(),
                    CString.in(arena, where).address(),
                    type.address(),
                    flags,
                    options.isEmpty() ? 0 : CString.in(arena, options).address(),
                    0);
            Call.check(result, Syscall.MOUNT, what + " " + where);
        }
    }

    /** umount2(2): takes away what is mounted here last, at once for who looks for it by name. */
    public void detach(String where) {
        try (Arena arena = Arena.ofConfined()) {
            long result = kernel.call(Syscall.UMOUNT2, CString.in(arena, where).address(), MNT_DETACH, 0, 0, 0, 0);
            Call.check(result, Syscall.UMOUNT2, where);
        }
    }

    /**
     * A file, or a directory with all below it and all that is mounted there, once more: mounted nowhere yet. The caller owns
     * the descriptor, at whose end it goes if it was not {@linkplain #attach attached}.
     *
     * @param path without a symbolic link at its end
     * @throws ErrnoException ENOENT, EACCES; EPERM without the privilege
     */
    public Fd copy(String path) {
        try (Arena arena = Arena.ofConfined()) {
            int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW;
            long result = kernel.call(
                    Syscall.OPEN_TREE, AT_FDCWD, CString.in(arena, path).address(), flags, 0, 0, 0);
            return Fd.own(kernel, (int) Call.check(result, Syscall.OPEN_TREE, path));
        }
    }

    /** Lets nobody write to that copy, nor to what is mounted in it. */
    public void readOnly(Fd copy) {
        readOnly(copy, AT_RECURSIVE);
    }

    /** Lets nobody write to what is mounted there, but to what is mounted in it. */
    public void readOnlyAlone(Fd mounted) {
        readOnly(mounted, 0);
    }

    private void readOnly(Fd mounted, int recursive) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTES_SIZE, 8);
            attributes.set(ValueLayout.JAVA_LONG, 0, MOUNT_ATTR_RDONLY);
            long result = kernel.call(
                    Syscall.MOUNT_SETATTR,
                    mounted.number(),
                    CString.in(arena, "").address(),
                    AT_EMPTY_PATH | recursive,
                    attributes.address(),
                    ATTRIBUTES_SIZE,
                    0);
            Call.check(result, Syscall.MOUNT_SETATTR, mounted);
        }
    }

    /**
     * Mounts that copy.
     *
     * @param path of a file, or of a directory if it is one, below that directory; no symbolic link
     */
    public void attach(Fd copy, Fd directory, String path) {
        try (Arena arena = Arena.ofConfined()) {
            long result = kernel.call(
                    Syscall.MOVE_MOUNT,
                    copy.number(),
                    CString.in(arena, "").address(),
                    directory.number(),
                    CString.in(arena, path).address(),
                    MOVE_MOUNT_F_EMPTY_PATH,
                    0);
            Call.check(result, Syscall.MOVE_MOUNT, path);
        }
    }

    /**
     * Makes a directory on which something is mounted the root of all names, and another one of it the working directory, for
     * the calling thread and what it starts. What was there before is reached by no name any more.
     *
     * @param workingDirectory absolute, in the new tree
     */
    public void enter(Fd root, String workingDirectory) {
        try (Arena arena = Arena.ofConfined()) {
            long here = CString.in(arena, ".").address();
            check(Syscall.FCHDIR, root.number(), 0, 0, 0);
            long result = kernel.call(Syscall.PIVOT_ROOT, here, here, 0, 0, 0, 0);
            if (result == -Errno.EINVAL.number()) { // the host's root is an initramfs, which stays where it is
                long top = CString.in(arena, "/").address();
                check(Syscall.MOUNT, here, top, 0, MS_MOVE);
                check(Syscall.CHROOT, here, 0, 0, 0);
            } else {
                Call.check(result, Syscall.PIVOT_ROOT, root);
                check(Syscall.UMOUNT2, here, MNT_DETACH, 0, 0);
            }
            check(Syscall.CHDIR, CString.in(arena, workingDirectory).address(), 0, 0, 0);
        }
    }

    private void check(Syscall call, long first, long second, long third, long fourth) {
        Call.check(kernel.call(call, first, second, third, fourth, 0, 0), call, "a root of one's own");
    }
}
