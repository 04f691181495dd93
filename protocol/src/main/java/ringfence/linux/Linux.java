package ringfence.linux;

import java.lang.foreign.MemorySegment;

/**
 * The system calls of this process, by family. Immutable and free of state; every program makes one in its main and
 * passes it by constructors. Any thread may use it.
 */
public final class Linux {
    private final Kernel kernel;
    private final Files files;
    private final Memory memory;
    private final FilePages filePages;
    private final Events events;
    private final Sockets sockets;
    private final Datagrams datagrams;
    private final Processes processes;
    private final PathCalls paths;
    private final AttributeCalls attributes;
    private final RangeCalls ranges;
    private final HandleCalls handles;
    private final Credentials credentials;
    private final Confinement confinement;
    private final Mounts mounts;

    /** System calls through this door. */
    public Linux(Kernel kernel) {
        this.kernel = kernel;
        files = new Files(kernel);
        memory = new Memory(kernel);
        filePages = new FilePages(kernel);
        events = new Events(kernel);
        sockets = new Sockets(kernel);
        datagrams = new Datagrams(kernel);
        processes = new Processes(kernel);
        paths = new PathCalls(kernel);
        attributes = new AttributeCalls(kernel);
        ranges = new RangeCalls(kernel);
        handles = new HandleCalls(kernel);
        credentials = new Credentials(kernel);
        confinement = new Confinement(kernel);
        mounts = new Mounts(kernel);
    }

    /** The running kernel. */
    public static Linux system() {
        return new Linux(new NativeKernel());
    }

    /** The door itself, for the sub-packages that make calls of their own, such as {@code linux.uring}. */
    public Kernel kernel() {
        return kernel;
    }

    /** open, read, write, fallocate, locks and their like. */
    public Files files() {
        return files;
    }

    /** mmap, memfd_create, seals, madvise. */
    public Memory memory() {
        return memory;
    }

    /** Pages of mapped files. */
    public FilePages filePages() {
        return filePages;
    }

    /** eventfd, epoll, timerfd. */
    public Events events() {
        return events;
    }

    /** Unix sockets, with descriptors and without. */
    public Sockets sockets() {
        return sockets;
    }

    /** Unix datagram sockets, whose messages tell their sender. */
    public Datagrams datagrams() {
        return datagrams;
    }

    /** Processes, threads and signals. */
    public Processes processes() {
        return processes;
    }

    /** Names below a directory: make, remove, rename, open, all without allocation. */
    public PathCalls paths() {
        return paths;
    }

    /** What files tell of themselves, and owners. */
    public AttributeCalls attributes() {
        return attributes;
    }

    /** Data that is moved, found or locked by range. */
    public RangeCalls ranges() {
        return ranges;
    }

    /** Files by their handles. */
    public HandleCalls handles() {
        return handles;
    }

    /** For whom the calling thread acts. */
    public Credentials credentials() {
        return credentials;
    }

    /** What the calling thread gives up for good. */
    public Confinement confinement() {
        return confinement;
    }

    /** What is mounted where, for the calling thread. */
    public Mounts mounts() {
        return mounts;
    }

    /** Files that are open as O_PATH, reached through /proc/self/fd; one for each thread that needs it. */
    public SelfFd selfFd(Fd directory) {
        return new SelfFd(kernel, directory);
    }

    /**
     * ioctl(2) with a plain argument.
     *
     * @param what names the request in an error, such as {@code "KVM_CREATE_VM"}
     * @return its result, zero or above
     */
    public long ioctl(Fd fd, long request, long argument, String what) {
        return Call.check(kernel.call(Syscall.IOCTL, fd.number(), request, argument, 0, 0, 0), Syscall.IOCTL, what);
    }

    /** ioctl(2) with a structure. See {@link #ioctl(Fd, long, long, String)}. */
    public long ioctl(Fd fd, long request, MemorySegment argument, String what) {
        return Call.keeping(argument, ioctl(fd, request, argument.address(), what));
    }

    /** As {@link #ioctl(Fd, long, long, String)}, but an error is the result: minus the errno. For KVM_RUN and probes. */
    public long tryIoctl(Fd fd, long request, long argument) {
        return kernel.call(Syscall.IOCTL, fd.number(), request, argument, 0, 0, 0);
    }
}
