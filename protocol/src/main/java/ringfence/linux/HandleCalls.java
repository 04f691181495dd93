package ringfence.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Files by their handles: {@code struct file_handle { u32 handle_bytes; s32 handle_type; u8 f_handle[]; }}. Results as of
 * {@link AttributeCalls}. Any thread.
 */
public final class HandleCalls {
    /** Most bytes of a handle, its head included. */
    public static final int MAX = 8 + 128;

    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int O_CLOEXEC = 0x80000;

    private final Kernel kernel;
    private final Name empty = new Name();

    HandleCalls(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * name_to_handle_at(2) of an open file. EOPNOTSUPP: its file system has none.
     *
     * @param into {@link #MAX} bytes, aligned to 8, for the handle
     * @param mount 4 bytes, for the number of its mount
     * @return 0, or minus the errno
     */
    public long tryHandle(Fd file, MemorySegment into, MemorySegment mount) {
        into.set(ValueLayout.JAVA_INT, 0, MAX - 8);
        return Call.keeping(
                empty,
                into,
                mount,
                kernel.call(
                        Syscall.NAME_TO_HANDLE_AT,
                        file.number(),
                        empty.address(),
                        into.address(),
                        mount.address(),
                        AT_EMPTY_PATH,
                        0));
    }

    /**
     * open_by_handle_at(2), for a privileged process (CAP_DAC_READ_SEARCH). ESTALE: the file is gone.
     *
     * @param mount a descriptor on the file system
     * @param flags O_ bits
     * @return the descriptor, or minus the errno
     */
    public long tryOpen(Fd mount, MemorySegment handle, int flags) {
        return Call.keeping(
                handle,
                kernel.call(Syscall.OPEN_BY_HANDLE_AT, mount.number(), handle.address(), flags | O_CLOEXEC, 0, 0, 0));
    }
}
