package ringfence.process;

/** With what a program ends. */
public final class ExitCode {
    /** It did what it was asked to. For a VMM: the guest has powered off. */
    public static final int OK = 0;
    /** Something failed while it ran. */
    public static final int FAILURE = 1;
    /** It was asked for something that cannot be; one line on standard error says what and how to do better. */
    public static final int BAD_INPUT = 2;
    /** The guest's kernel has panicked, and said so through pvpanic. */
    public static final int GUEST_PANIC = 3;
    /** A vCPU has shut down by a triple fault. */
    public static final int TRIPLE_FAULT = 4;

    private ExitCode() {}
}
