package ringfence.linux;

import java.util.List;

/**
 * What one recvmsg(2) brought of a datagram socket.
 *
 * @param bytes how many bytes; below 0: minus the errno
 * @param sender process id of who sent it, by the kernel's word (SCM_CREDENTIALS); 0: outside our pid namespace, or unknown
 * @param fds descriptors that came with it, owned by the caller, close-on-exec
 * @param cut it was longer than the buffer (MSG_TRUNC), or descriptors of it were dropped (MSG_CTRUNC); those that came
 *     are closed already
 */
public record Datagram(long bytes, int sender, List<Fd> fds, boolean cut) {
    /** Closes the descriptors that came. */
    public void closeAll() {
        fds.forEach(Fd::close);
    }
}
