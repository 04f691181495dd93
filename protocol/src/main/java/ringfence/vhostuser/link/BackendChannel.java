package ringfence.vhostuser.link;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import ringfence.linux.Fd;
import ringfence.vhostuser.BackendRequest;
import ringfence.vhostuser.Codec;
import ringfence.vhostuser.Reply;
import ringfence.vhostuser.WireException;
import ringfence.vhostuser.link.PeerException.Disposition;

/**
 * The front-end's end of the back-end channel. Obeys CONFIG_CHANGE and refuses all else; descriptors that come are
 * closed. So many requests a second and no more. The front-end's owner thread.
 */
public final class BackendChannel implements AutoCloseable {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Channel channel;
    private final Conversation peer;
    private final FrontendOptions options;
    private long second;
    private int taken;

    BackendChannel(Channel channel, Conversation peer, FrontendOptions options) {
        this.channel = channel;
        this.peer = peer;
        this.options = options;
        second = System.nanoTime();
    }

    /** Readable when a request waits: call {@link #poll}. Owned by this object. */
    public Fd socket() {
        return channel.socket();
    }

    /**
     * Takes the requests that wait. Many changes in a row are told once.
     *
     * @throws PeerException if the back-end breaks the protocol, hangs up, or asks too often
     */
    public void poll(BackendEvents events) {
        boolean changed = false;
        try {
            Optional<Frame> next;
            while ((next = channel.poll()).isPresent()) {
                try (Frame frame = next.get()) {
                    quota();
                    changed |= take(frame);
                }
            }
        } catch (Channel.EndOfStream e) {
            throw new PeerException("back-end channel: " + e.getMessage(), Disposition.RECONNECT, e);
        } catch (WireException e) {
            throw new PeerException("back-end channel: " + e.getMessage(), Disposition.RECONNECT, e);
        }
        if (changed) {
            events.configChanged();
        }
    }

    private boolean take(Frame frame) {
        BackendRequest request =
                Codec.backendRequest(frame.header(), frame.payload(), frame.descriptors(), peer.negotiated());
        boolean known = request instanceof BackendRequest.ConfigChange;
        if (frame.header().needReply()) {
            ByteBuffer out = Channel.buffer();
            Codec.write(request.type(), known ? Reply.U64.SUCCESS : Reply.U64.FAILURE, out);
            channel.send(out.flip(), System.nanoTime() + options.replyNanos());
        }
        return known;
    }

    private void quota() {
        long now = System.nanoTime();
        if (now - second >= SECOND) {
            second = now;
            taken = 0;
        }
        if (++taken > options.requestsPerSecond()) {
            throw new PeerException(
                    "back-end channel: more than " + options.requestsPerSecond() + " requests in a second",
                    Disposition.RECONNECT);
        }
    }

    @Override
    public void close() {
        channel.close();
    }
}
