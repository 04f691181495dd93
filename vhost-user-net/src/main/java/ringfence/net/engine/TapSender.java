package ringfence.net.engine;

import ringfence.linux.Errno;
import ringfence.linux.IoVec;
import ringfence.net.backend.TapPort;
import ringfence.net.packet.Drop;

/** Sends frames to a tap, a writev each. One thread. */
public final class TapSender {
    private final TapPort port;
    private final IoVec vector = new IoVec(FrameSink.MAX_PIECES + 1);

    /** To this one, which it does not own. */
    public TapSender(TapPort port) {
        this.port = port;
    }

    /** What {@link #send} sends: cleared, then filled by the caller with a header and a frame. */
    public IoVec vector() {
        return vector;
    }

    /** @return why the frame was lost; null: it was not */
    public Drop send() {
        long result;
        do {
            result = port.trySend(vector);
        } while (result == -Errno.EINTR.number());
        if (result >= 0) {
            return null;
        }
        return result == -Errno.EAGAIN.number() ? Drop.HOST_BUSY : Drop.REFUSED;
    }
}
