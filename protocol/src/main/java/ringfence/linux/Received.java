package ringfence.linux;

import java.util.List;

/**
 * What one recvmsg(2) brought.
 *
 * @param bytes how many bytes; 0: the other side has closed; below 0: minus the errno
 * @param fds descriptors that came with them, owned by the caller, close-on-exec
 * @param truncated the kernel dropped descriptors (MSG_CTRUNC); those that came are closed already, and the connection
 *     should be dropped too: nobody knows what the peer meant
 */
public record Received(long bytes, List<Fd> fds, boolean truncated) {
    /** Closes the descriptors that came. */
    public void closeAll() {
        fds.forEach(Fd::close);
    }
}
