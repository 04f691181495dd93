package ringfence.vmm.device.remote;

import java.util.Optional;
import ringfence.linux.Epoll;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * The process at the other end of a connection, in order to know whether it has died. Taken while it is connected, by
 * SO_PEERPIDFD, or where the kernel has none (before 6.5) by its number, which it cannot lose while it is connected.
 */
final class PeerProcess implements AutoCloseable {
    private final Linux linux;
    private final int pid;
    private final Optional<Fd> pidFd;

    private PeerProcess(Linux linux, int pid, Optional<Fd> pidFd) {
        this.linux = linux;
        this.pid = pid;
        this.pidFd = pidFd;
    }

    static PeerProcess of(Linux linux, Fd socket) {
        int pid = linux.sockets().peer(socket).pid();
        Optional<Fd> pidFd;
        try {
            pidFd = linux.sockets().peerPidFd(socket);
            if (pidFd.isEmpty() && pid > 0) {
                pidFd = Optional.of(linux.processes().pidFd(pid));
            }
        } catch (ErrnoException e) {
            pidFd = Optional.empty(); // it has died already, or lives in another namespace of processes
        }
        return new PeerProcess(linux, pid, pidFd);
    }

    int pid() {
        return pid;
    }

    /**
     * Whether it has died. A process that cannot be watched counts as dead when its number names nobody. One end of a
     * socket pair names this very process: whoever made the pair answers for the other end, see {@link SocketSource}.
     */
    boolean isDead() {
        if (pid == linux.processes().pid()) {
            return true;
        }
        return pidFd.isPresent()
                ? linux.sockets().await(pidFd.get(), Epoll.IN, 0)
                : pid <= 0 || !linux.processes().exists(pid);
    }

    @Override
    public void close() {
        pidFd.ifPresent(Fd::close);
    }
}
