package ringfence.vhostuser.link;

import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.vhostuser.WireException;

/** Takes eventfds that a peer has handed in, after a look at what they really are. */
final class EventFds {
    private EventFds() {}

    /**
     * The i-th descriptor of a message, as an eventfd. It is made non-blocking, so that neither a full nor an empty
     * counter can stop us.
     *
     * @throws WireException if it is something else; it stays the frame's then
     */
    static EventFd take(Linux linux, Frame frame, int i, String what) {
        Fd fd = frame.peek(i);
        if (!linux.events().isEventFd(fd)) {
            throw new WireException(what + ": the descriptor is not an eventfd");
        }
        linux.files().nonBlocking(fd, true);
        return EventFd.own(linux.kernel(), frame.take(i));
    }
}
