package ringfence.vhostuser.link;

import java.nio.ByteBuffer;
import java.util.Optional;
import ringfence.linux.Fd;
import ringfence.vhostuser.Codec;
import ringfence.vhostuser.Header;
import ringfence.vhostuser.MessageType;
import ringfence.vhostuser.Negotiated;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.Reply;
import ringfence.vhostuser.ReplyKind;
import ringfence.vhostuser.Request;
import ringfence.vhostuser.WireException;
import ringfence.vhostuser.link.PeerException.Disposition;

/** A front-end's questions and a back-end's answers, each within a deadline. One owner thread. */
final class Conversation implements AutoCloseable {
    private final Channel channel;
    private Negotiated negotiated = Negotiated.NOTHING;

    Conversation(Channel channel) {
        this.channel = channel;
    }

    Fd socket() {
        return channel.socket();
    }

    Negotiated negotiated() {
        return negotiated;
    }

    void negotiated(Negotiated now) {
        negotiated = now;
    }

    /** An answer, with the descriptor that came with it, if one may; the caller owns it. */
    record Answer(Reply reply, Fd fd) {}

    /**
     * Tells the back-end something that has no answer of its own; waits for an acknowledgement where there can be one.
     *
     * @param refused what it means if the back-end says no
     */
    void tell(Request request, long nanos, Disposition refused, Fd... fds) {
        boolean acknowledge = negotiated.has(ProtocolFeature.REPLY_ACK);
        long deadline = System.nanoTime() + nanos;
        send(request, acknowledge, deadline, fds);
        if (acknowledge) {
            Answer answer = receive(request.type(), ReplyKind.ACK, deadline);
            if (answer.reply() instanceof Reply.U64(long error) && error != 0) {
                throw new PeerException("the back-end refuses " + request.type() + ": " + error, refused);
            }
        }
    }

    /** Asks for a number. */
    long number(Request request, long nanos) {
        Reply reply = ask(request, nanos).reply();
        if (reply instanceof Reply.U64(long value)) {
            return value;
        }
        throw new IllegalStateException(request.type() + ": " + reply);
    }

    /** Asks for something that has an answer of its own. */
    Answer ask(Request request, long nanos, Fd... fds) {
        long deadline = System.nanoTime() + nanos;
        send(request, false, deadline, fds);
        return receive(request.type(), request.type().reply(), deadline);
    }

    private void send(Request request, boolean needReply, long deadline, Fd... fds) {
        if (!request.type().isLegal(negotiated)) {
            throw new IllegalStateException(request.type() + " needs a feature that was not negotiated");
        }
        ByteBuffer out = Channel.buffer();
        Codec.write(request, needReply, out);
        try {
            channel.send(out.flip(), deadline, fds);
        } catch (Channel.EndOfStream e) {
            throw new PeerException(request.type() + ": the back-end " + e.getMessage(), Disposition.RECONNECT, e);
        }
    }

    private Answer receive(MessageType of, ReplyKind kind, long deadline) {
        try {
            while (true) {
                Optional<Frame> next = channel.poll();
                if (next.isPresent()) {
                    try (Frame frame = next.get()) {
                        Header header = frame.header();
                        Reply reply = Codec.reply(of, kind, header, frame.payload(), frame.descriptors());
                        return new Answer(reply, frame.descriptors() > 0 ? frame.take(0) : null);
                    }
                }
                if (!channel.awaitReadable(deadline)) {
                    throw new PeerException(of + ": the back-end does not answer in time", Disposition.RECONNECT);
                }
            }
        } catch (Channel.EndOfStream e) {
            throw new PeerException(of + ": the back-end has " + e.getMessage(), Disposition.RECONNECT, e);
        } catch (WireException e) {
            throw new PeerException(
                    of + ": the back-end breaks the protocol: " + e.getMessage(), Disposition.RECONNECT, e);
        }
    }

    /** Looks for what nobody has asked for: there is only one thing that it may be, the end. */
    void poll() {
        try {
            Optional<Frame> next = channel.poll();
            if (next.isPresent()) {
                next.get().close();
                throw new PeerException(
                        "the back-end sends message " + next.get().header().code() + " unasked", Disposition.RECONNECT);
            }
        } catch (Channel.EndOfStream e) {
            throw new PeerException("the back-end has " + e.getMessage(), Disposition.RECONNECT, e);
        } catch (WireException e) {
            throw new PeerException("the back-end breaks the protocol: " + e.getMessage(), Disposition.RECONNECT, e);
        }
    }

    @Override
    public void close() {
        channel.close();
    }
}
