package ringfence.vmm.kvm;

/** KVM cannot be used, or refused something. The message is one line for the user. */
public final class KvmException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** No device file: no KVM in this kernel, its module is not loaded, or the file is hidden from us. */
        MISSING,
        /** The device file is there, and this user may not open it. */
        NO_PERMISSION,
        /** What was opened is not a KVM that Ringfence can use: another file, another API, missing abilities. */
        UNUSABLE,
        /** A KVM that works, but cannot run a stock kernel (software emulation). */
        UNFIT,
        /** More vCPUs, slots or routes than this KVM has. */
        LIMIT,
        /** Memory that the guest touches is mapped, and not there: its file has become shorter. */
        MEMORY_GONE,
        /** A request failed. */
        FAILED
    }

    private final Reason reason;

    /** For this reason. */
    public KvmException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** For this reason, caused by a failed system call. */
    public KvmException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }
}
