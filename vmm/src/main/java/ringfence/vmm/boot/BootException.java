package ringfence.vmm.boot;

/** What should be booted cannot be. The message is one line for the user and names the file. */
public final class BootException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** No such file. */
        NOT_FOUND,
        /** It cannot be read: permission, a directory, an I/O error. */
        UNREADABLE,
        /** Neither an ELF kernel nor a bzImage, or a damaged one. */
        NOT_A_KERNEL,
        /** An ELF file without a PVH entry. */
        NO_PVH_NOTE,
        /** A kernel for another machine, or an old boot protocol. */
        UNSUPPORTED,
        /** Kernel and initramfs need more memory than the machine has below 3 GiB. */
        NO_ROOM,
        /** The command line is too long, or holds a character that none may hold. */
        COMMAND_LINE
    }

    private final Reason reason;

    /** For this reason. */
    public BootException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** For this reason, caused by something. */
    public BootException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }
}
