package ringfence.net.backend;

import java.util.Set;
import ringfence.linux.Fd;
import ringfence.linux.IoVec;
import ringfence.linux.Tap;
import ringfence.linux.TapOffload;

/**
 * One pair of queues' way out of the guest. Owns its tap. {@link #begin}, {@link #end} and {@link #close} are the
 * connection's thread's; sending and receiving are the workers', and neither allocates nor blocks.
 */
public final class TapPort implements AutoCloseable {
    private final Tap tap;
    private int users;

    /**
     * Takes ownership of a queue of a tap.
     *
     * @param fresh it is detached until a queue starts, if it can be; else it stays as a predecessor has left it, with the
     *     frames that wait there
     */
    TapPort(Tap tap, boolean fresh) {
        this.tap = tap;
        if (fresh) {
            attach(false);
        }
    }

    /** For whoever keeps it for a successor. */
    Fd fd() {
        return tap.fd();
    }

    /** The interface's name. */
    public String name() {
        return tap.name();
    }

    /** Becomes readable when a frame comes; owned by this object. */
    public Fd source() {
        return tap.fd();
    }

    /**
     * A queue of the pair starts.
     *
     * @param headerSize bytes before each frame, 10 or 12
     * @param offloads what the guest can take
     */
    public void begin(int headerSize, Set<TapOffload> offloads) {
        if (users == 0) {
            attach(true);
        }
        users++;
        try {
            tap.headerSize(headerSize);
            if (!tap.tryOffload(offloads)) {
                throw new IllegalStateException(name() + " takes none of " + offloads);
            }
        } catch (RuntimeException e) {
            end();
            throw e;
        }
    }

    /** A queue of the pair has stopped. */
    public void end() {
        users--;
        if (users == 0) {
            attach(false);
        }
    }

    private void attach(boolean on) {
        if (tap.multiQueue()) {
            tap.attach(on);
        }
    }

    /** Sends a frame behind its header. @return bytes, or minus the errno */
    public long trySend(IoVec frame) {
        return tap.trySend(frame);
    }

    /** Receives a frame behind its header. @return bytes, or minus the errno; EAGAIN: there is none */
    public long tryReceive(IoVec into) {
        return tap.tryReceive(into);
    }

    @Override
    public void close() {
        tap.close();
    }
}
