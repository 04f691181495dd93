package ringfence.vmm.machine;

import java.util.List;
import ringfence.vmm.config.Problem;

/** A {@link VmRequest} that cannot be done; nothing has changed. */
public final class VmException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** No VM is configured. */
        NOT_CREATED,
        /** Its state does not allow it. */
        WRONG_STATE,
        /** What was given is wrong. */
        INVALID,
        /** There is no device of that name. */
        UNKNOWN_DEVICE,
        /** There is another device of that name. */
        NAME_TAKEN,
        /** Something on the host failed. */
        FAILED
    }

    private final Reason reason;
    private final String[] lines; // an exception's fields are to be serializable

    /**
     * An exception.
     *
     * @param lines for the user, at least one
     */
    public VmException(Reason reason, List<String> lines) {
        super(lines.getFirst());
        this.reason = reason;
        this.lines = lines.toArray(String[]::new);
    }

    /** An exception of one line. */
    public VmException(Reason reason, String line) {
        this(reason, List.of(line));
    }

    static VmException notCreated() {
        return new VmException(Reason.NOT_CREATED, "there is no VM: vm.create makes one");
    }

    static VmException wrongState(String line) {
        return new VmException(Reason.WRONG_STATE, line);
    }

    /** @throws VmException if there are any: INVALID, or NAME_TAKEN if there is nothing else wrong */
    static void throwIfAny(List<Problem> problems) {
        throwIfAny(problems.stream().allMatch(Problem::isTaken) ? Reason.NAME_TAKEN : Reason.INVALID, problems);
    }

    /** @throws VmException FAILED, if there are any: it is the host that is not as it should be, and that may change */
    static void failIfAny(List<Problem> problems) {
        throwIfAny(Reason.FAILED, problems);
    }

    private static void throwIfAny(Reason reason, List<Problem> problems) {
        if (!problems.isEmpty()) {
            throw new VmException(reason, problems.stream().map(Problem::line).toList());
        }
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }

    /** What a user should read: a line per mistake. */
    public List<String> lines() {
        return List.of(lines);
    }
}
