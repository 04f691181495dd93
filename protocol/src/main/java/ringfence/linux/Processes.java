package ringfence.linux;

/** System calls on processes, threads and signals. */
public final class Processes {
    private final Kernel kernel;

    Processes(Kernel kernel) {
        this.kernel = kernel;
    }

    /** getpid(2). */
    public int pid() {
        return (int) kernel.call(Syscall.GETPID, 0, 0, 0, 0, 0, 0);
    }

    /** gettid(2): the kernel's id of this thread. */
    public int threadId() {
        return (int) kernel.call(Syscall.GETTID, 0, 0, 0, 0, 0, 0);
    }

    /** geteuid(2). */
    public int effectiveUser() {
        return (int) kernel.call(Syscall.GETEUID, 0, 0, 0, 0, 0, 0);
    }
}
