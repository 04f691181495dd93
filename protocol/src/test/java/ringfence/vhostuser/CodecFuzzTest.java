package ringfence.vhostuser;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.fuzz.Executions;

/**
 * Fuzz target: bytes from a socket. Whatever they are, each end makes a message of them that it could have sent itself,
 * or throws {@link WireException}; nothing else. The first byte is the number of descriptors that came along; its upper
 * half says who reads: back-end, front-end on its channel, front-end that waits for an answer.
 */
class CodecFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    private static final Negotiated ALL = new Negotiated(-1L, -1L);

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyMessage(byte[] data) {
        EXECUTIONS.run(data, this::message);
    }

    private void message(byte[] data) {
        if (data.length < 1 + Header.SIZE) {
            return;
        }
        int descriptors = data[0] & 0xf;
        ByteBuffer bytes = ByteBuffer.wrap(data, 1, data.length - 1).order(ByteOrder.LITTLE_ENDIAN);
        try {
            Header header = Header.read(bytes);
            if (bytes.remaining() < header.size()) {
                return; // more would have to come
            }
            bytes.limit(bytes.position() + header.size());
            switch (data[0] >> 4 & 3) {
                case 0, 3 -> request(header, bytes, descriptors);
                case 1 -> backendRequest(header, bytes, descriptors);
                default -> reply(header, bytes, descriptors);
            }
        } catch (WireException expected) {
            if (expected.getMessage().contains("\n")) {
                throw new AssertionError("a reason of several lines", expected);
            }
        }
    }

    /** What was read can be written, and is then read as the same bytes again. */
    private static void request(Header header, ByteBuffer payload, int descriptors) {
        Request request = Codec.request(header, payload, descriptors, ALL);
        ByteBuffer first = Codec.buffer();
        Codec.write(request, false, first);
        first.flip();
        Request again = Codec.request(Header.read(first), first, descriptors, ALL);
        ByteBuffer second = Codec.buffer();
        Codec.write(again, false, second);
        same(first.rewind(), second.flip());
    }

    private static void backendRequest(Header header, ByteBuffer payload, int descriptors) {
        BackendRequest request = Codec.backendRequest(header, payload, descriptors, ALL);
        ByteBuffer bytes = Codec.buffer();
        Codec.write(request, false, bytes);
        bytes.flip();
        BackendRequest again = Codec.backendRequest(Header.read(bytes), bytes, descriptors, ALL);
        if (!again.equals(request)) {
            throw new AssertionError(request + " became " + again);
        }
    }

    private static void reply(Header header, ByteBuffer payload, int descriptors) {
        MessageType of = MessageType.of(MessageType.Sender.FRONT_END, header.code())
                .orElseThrow(() -> new WireException("unknown"));
        Reply reply = Codec.reply(of, of.reply(), header, payload, descriptors);
        ByteBuffer bytes = Codec.buffer();
        Codec.write(of, reply, bytes);
        bytes.flip();
        Header written = Header.read(bytes);
        if (of.reply() != ReplyKind.USERFAULT) {
            Codec.reply(of, of.reply(), written, bytes, 0);
        }
    }

    private static void same(ByteBuffer one, ByteBuffer other) {
        if (!one.equals(other)) {
            throw new AssertionError("read and written, the message is another");
        }
    }
}
