package ringfence.vmm.device.remote;

import java.util.Optional;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * Where connections to a device's back-end come from: a path at which somebody listens, or a supervisor that starts a
 * process for each. Called by the device's link thread, again and again until it works.
 */
@FunctionalInterface
public interface SocketSource {
    /**
     * A connected socket, which the caller owns. A source that starts the process itself, and hands it one end of a pair,
     * returns only after the process before is dead.
     *
     * @throws ringfence.linux.ErrnoException ENOENT, ECONNREFUSED or EAGAIN if nobody is there yet
     * @throws RuntimeException with a line that says why there will hardly be one; it is tried again, slowly
     */
    Fd connect();

    /**
     * The process behind the last socket, if the source has started it: the socket itself names whoever made the pair.
     */
    default Optional<BackendProcess> process() {
        return Optional.empty();
    }

    /** Whoever listens at this path; never waits. */
    static SocketSource path(Linux linux, String path) {
        return () -> linux.sockets().connect(path);
    }
}
