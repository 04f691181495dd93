package ringfence.fs.tree;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.HandleCalls;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.SelfFd;

/**
 * The file handles of the root's mount. A file on another mount below has none here: its handle, used on the root's mount,
 * would pass by what the other one forbids, and a descriptor on the other one would keep it from being unmounted.
 *
 * <p>A handle opens any file of the file system, whether below the root or not. So only one that this process has taken of
 * a file found below the root may be opened as it is; of what comes from elsewhere, {@link #isBelow} says whether it is there.
 * Any thread. Owns a descriptor of the root.
 */
public final class FileHandles implements AutoCloseable {
    private static final int NODE = OpenFlag.PATH.bits() | OpenFlag.NOFOLLOW.bits();
    private static final int PATH_MAX = 4096;
    private static final byte[] GONE = {' ', '(', 'd', 'e', 'l', 'e', 't', 'e', 'd', ')'};

    private final Linux linux;
    private final HandleUse use;
    private final Fd root;
    /** null: they are not used. */
    private final Fd mount;

    private final int mountId;
    private final String refusal;

    private FileHandles(Linux linux, HandleUse use, Fd root, Fd mount, int mountId, String refusal) {
        this.linux = linux;
        this.use = use;
        this.root = root;
        this.mount = mount;
        this.mountId = mountId;
        this.refusal = refusal;
    }

    /**
     * Finds out whether the root's mount has them and we may use them, by opening the root by its own.
     *
     * @param self /proc/self/fd; not owned
     * @param root not owned, and open as long as this is used
     * @throws IllegalArgumentException if they are mandatory and there are none; one line
     */
    static FileHandles open(Linux linux, Fd self, Fd root, HandleUse use) {
        if (use == HandleUse.NEVER) {
            return new FileHandles(linux, use, root, null, 0, "");
        }
        FileHandles handles = probe(linux, linux.selfFd(self), root, use);
        if (use == HandleUse.MANDATORY && !handles.inUse()) {
            throw new IllegalArgumentException(
                    "--inode-file-handles=mandatory: " + handles.refusal + "; give prefer, or never");
        }
        return handles;
    }

    private static FileHandles probe(Linux linux, SelfFd self, Fd root, HandleUse use) {
        // a descriptor with O_PATH is none for open_by_handle_at(2)
        long real = self.tryOpen(root, OpenFlag.DIRECTORY.bits());
        if (real < 0) {
            return new FileHandles(linux, use, root, null, 0, "the folder cannot be read: " + text(real));
        }
        Fd mount = linux.paths().own(real);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(HandleCalls.MAX, 8);
            MemorySegment id = arena.allocate(4, 4);
            long result = linux.handles().tryHandle(root, handle, id);
            if (result >= 0) {
                result = linux.handles().tryOpen(mount, handle, NODE);
            }
            if (result >= 0) {
                linux.paths().own(result).close();
                return new FileHandles(linux, use, root, mount, id.get(ValueLayout.JAVA_INT, 0), "");
            }
            mount.close();
            return new FileHandles(linux, use, root, null, 0, why(result));
        }
    }

    private static String why(long result) {
        return result == -Errno.EPERM.number()
                ? "only root may open files by their handles (CAP_DAC_READ_SEARCH)"
                : "the folder's file system has no file handles: " + text(result);
    }

    private static String text(long result) {
        return Errno.of(-result).text();
    }

    /** Whether files of the root's mount are opened by their handles. */
    public boolean inUse() {
        return mount != null;
    }

    /** Why not, where they are wanted and not {@link #inUse}; empty otherwise. */
    public String refusal() {
        return refusal;
    }

    /** Whether a file without one is not served. */
    public boolean isMandatory() {
        return use == HandleUse.MANDATORY;
    }

    /**
     * Takes the handle of an open file.
     *
     * @param into {@link HandleCalls#MAX} bytes, aligned to 8
     * @param scratch 4 bytes
     * @return whether it has one by which it can be opened
     */
    public boolean take(Fd file, MemorySegment into, MemorySegment scratch) {
        return mount != null
                && linux.handles().tryHandle(file, into, scratch) >= 0
                && scratch.get(ValueLayout.JAVA_INT, 0) == mountId;
    }

    /**
     * Opens a file as a node.
     *
     * @param handle whole, as long as its first word says
     * @return the descriptor, or minus the errno: ESTALE, the file is gone
     */
    public long tryOpen(MemorySegment handle) {
        return mount == null ? -Errno.ESTALE.number() : linux.handles().tryOpen(mount, handle, NODE);
    }

    /**
     * Whether an open file is below the root, or was when it lost its last name, as far as the kernel still knows where it is:
     * of a directory it always does, of another file that nobody has looked up for long it may not. Allocates.
     *
     * @param self of this thread
     */
    public boolean isBelow(SelfFd self, Fd file) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ours = arena.allocate(PATH_MAX);
            MemorySegment its = arena.allocate(PATH_MAX);
            long above = self.tryPath(root, ours);
            long length = self.tryPath(file, its);
            if (above <= 0 || length <= 0 || above == PATH_MAX || length == PATH_MAX) {
                return false;
            }
            if (above == 1) {
                return ours.get(ValueLayout.JAVA_BYTE, 0) == '/' && length > 1 && !isGone(its.asSlice(1, length - 1));
            }
            return length > above + 1
                    && MemorySegment.mismatch(ours, 0, above, its, 0, above) < 0
                    && its.get(ValueLayout.JAVA_BYTE, above) == '/';
        }
    }

    /** Of what nobody knows where it was, only this is left. */
    private static boolean isGone(MemorySegment rest) {
        return rest.mismatch(MemorySegment.ofArray(GONE)) < 0;
    }

    @Override
    public void close() {
        if (mount != null) {
            mount.close();
        }
    }
}
