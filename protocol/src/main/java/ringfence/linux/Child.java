package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalInt;

/**
 * A process that we have started. Any thread may use it. Its pidfd becomes readable when it ends, so an
 * {@link Epoll} can wait for many; somebody then calls {@link #exitStatus}, which also takes the zombie away.
 */
public final class Child implements AutoCloseable {
    private static final int P_PIDFD = 3;
    private static final int WNOHANG = 1;
    private static final int WEXITED = 4;
    private static final int CLD_EXITED = 1;

    private final Kernel kernel;
    private final int pid;
    private final Fd pidFd;
    private OptionalInt status = OptionalInt.empty();

    Child(Kernel kernel, int pid, Fd pidFd) {
        this.kernel = kernel;
        this.pid = pid;
        this.pidFd = pidFd;
    }

    /** Its process id; somebody else's once the end has been taken note of. */
    public int pid() {
        return pid;
    }

    /** Readable once it has ended. Owned by this object. */
    public Fd pidFd() {
        return pidFd;
    }

    /** How it ended: its exit code, or 128 and the number of the signal that ended it; empty while it runs. */
    public synchronized OptionalInt exitStatus() {
        if (status.isPresent()) {
            return status;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(ProcessLayout.SIGINFO_SIZE, 8);
            long result = kernel.call(Syscall.WAITID, P_PIDFD, pidFd.number(), info.address(), WEXITED | WNOHANG, 0, 0);
            if (result == -Errno.EINTR.number()) {
                return status;
            }
            Call.check(result, Syscall.WAITID, "pid " + pid);
            if (info.get(ValueLayout.JAVA_INT, ProcessLayout.SI_PID) != 0) {
                int code = info.get(ValueLayout.JAVA_INT, ProcessLayout.SI_STATUS);
                boolean exited = info.get(ValueLayout.JAVA_INT, ProcessLayout.SI_CODE) == CLD_EXITED;
                status = OptionalInt.of(exited ? code : 128 + code);
            }
            return status;
        }
    }

    /** Waits for its end; empty if that takes longer than {@code nanos}. */
    public OptionalInt await(long nanos) {
        long deadline = System.nanoTime() + nanos;
        Sockets poll = new Sockets(kernel);
        while (true) {
            OptionalInt now = exitStatus();
            long left = deadline - System.nanoTime();
            if (now.isPresent() || left <= 0) {
                return now;
            }
            poll.await(pidFd, Epoll.IN, (int) Math.min(left / 1_000_000 + 1, Integer.MAX_VALUE));
        }
    }

    /** Sends it a signal, by the pidfd, so that no other process can be meant. None is sent if it has ended. */
    public void kill(int signal) {
        long result = kernel.call(Syscall.PIDFD_SEND_SIGNAL, pidFd.number(), signal, 0, 0, 0, 0);
        if (result != -Errno.ESRCH.number()) {
            Call.check(result, Syscall.PIDFD_SEND_SIGNAL, "pid " + pid + " signal " + signal);
        }
    }

    /** Closes the pidfd. The process, if it still runs, goes on, and is a zombie of ours when it ends. */
    @Override
    public void close() {
        pidFd.close();
    }
}
