package ringfence.vhostuser;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The one codec, for both ends. Every method is a pure function; each checks what it reads completely, so that a record
 * that comes out of it needs no second look but for what depends on the device and on the order of messages.
 */
public final class Codec {
    private Codec() {}

    /** A buffer of the right byte order for a whole message. */
    public static ByteBuffer buffer() {
        return ByteBuffer.allocate(Header.SIZE + Header.MAX_PAYLOAD).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads a front-end's request.
     *
     * @param payload exactly {@code header.size()} bytes, little-endian
     * @param descriptors how many came along
     * @throws WireException for anything else than a legal request
     */
    public static Request request(Header header, ByteBuffer payload, int descriptors, Negotiated negotiated) {
        MessageType type = MessageType.of(MessageType.Sender.FRONT_END, header.code())
                .orElseThrow(() -> new WireException("unknown request " + Integer.toUnsignedString(header.code())));
        type.check(header, descriptors, negotiated);
        Request request = RequestCodec.read(type, payload, descriptors);
        end(type, payload);
        return request;
    }

    /** Reads a back-end's request. See {@link #request}. */
    public static BackendRequest backendRequest(
            Header header, ByteBuffer payload, int descriptors, Negotiated negotiated) {
        MessageType type = MessageType.of(MessageType.Sender.BACK_END, header.code())
                .orElseThrow(
                        () -> new WireException("unknown back-end request " + Integer.toUnsignedString(header.code())));
        type.check(header, descriptors, negotiated);
        BackendRequest request = BackendRequestCodec.read(type, payload, descriptors);
        end(type, payload);
        return request;
    }

    /**
     * Reads the answer to a request.
     *
     * @param of the request that it must answer
     * @param kind what it must be: the table's, or {@link ReplyKind#REGIONS} in post-copy
     * @throws WireException for anything else than that answer
     */
    public static Reply reply(MessageType of, ReplyKind kind, Header header, ByteBuffer payload, int descriptors) {
        WireException.require(header.reply() && header.code() == of.code(), "no reply to " + of, header);
        kind.check(of, header, descriptors);
        Reply reply = ReplyCodec.read(kind, payload);
        end(of, payload);
        return reply;
    }

    private static void end(MessageType type, ByteBuffer payload) {
        WireException.require(!payload.hasRemaining(), type + ": bytes too many", payload.remaining());
    }

    /**
     * Writes a request, header and payload.
     *
     * @param needReply asks for an acknowledgement; the peer must have negotiated REPLY_ACK
     * @param out little-endian, with room for {@link Header#SIZE} and the payload
     */
    public static void write(Request request, boolean needReply, ByteBuffer out) {
        int start = skipHeader(out);
        RequestCodec.write(request, out);
        header(request.type(), false, needReply, start, out);
    }

    /** Writes a back-end's request. See {@link #write(Request, boolean, ByteBuffer)}. */
    public static void write(BackendRequest request, boolean needReply, ByteBuffer out) {
        int start = skipHeader(out);
        BackendRequestCodec.write(request, out);
        header(request.type(), false, needReply, start, out);
    }

    /** Writes the answer to a request. */
    public static void write(MessageType of, Reply reply, ByteBuffer out) {
        int start = skipHeader(out);
        ReplyCodec.write(reply, out);
        header(of, true, false, start, out);
    }

    private static int skipHeader(ByteBuffer out) {
        int start = out.position();
        out.position(start + Header.SIZE);
        return start;
    }

    private static void header(MessageType type, boolean reply, boolean needReply, int start, ByteBuffer out) {
        int end = out.position();
        out.position(start);
        new Header(type.code(), reply, needReply, end - start - Header.SIZE).write(out);
        out.position(end);
    }
}
