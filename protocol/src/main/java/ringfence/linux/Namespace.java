package ringfence.linux;

/** What of the system a process may have for itself (namespaces(7); {@code CLONE_NEW} of linux/sched.h). */
public enum Namespace {
    /** Mounts: what is where in the tree of files. */
    MOUNT(0x2_0000),
    /** Network interfaces, routes, and the names of abstract Unix sockets. */
    NETWORK(0x4000_0000),
    /** Message queues, semaphores and shared memory of System V and POSIX. */
    IPC(0x800_0000);

    private final int flag;

    Namespace(int flag) {
        this.flag = flag;
    }

    int flag() {
        return flag;
    }
}
