package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Received;

/**
 * A connection to a VMM's API on which a test says every byte and descriptor itself. An answer is read as the strictest of
 * clients does: by its first nine bytes, and by the one spelling {@code Content-Length: }, without which there is no body.
 */
final class Wire implements AutoCloseable {
    private static final int CHUNK = 1 << 16;
    private static final String LENGTH = "\r\nContent-Length: ";

    private final Linux linux;
    private final Fd socket;

    private Wire(Linux linux, Fd socket) {
        this.linux = linux;
        this.socket = socket;
    }

    /**
     * An answer.
     *
     * @param status HTTP's
     * @param body empty if there is none
     */
    record Answer(int status, String body) {}

    /** Connects. An answer that takes longer than so many milliseconds is none. */
    static Wire to(Path socket, long patience) {
        Linux linux = Linux.system();
        Fd connected = linux.sockets().connect(socket.toString());
        linux.sockets().timeout(connected, patience, patience);
        return new Wire(linux, connected);
    }

    /** Sends in one message. */
    Wire send(String text, Fd... fds) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            assertThat(linux.sockets().send(socket, arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), fds))
                    .isEqualTo(bytes.length);
        }
        return this;
    }

    /** What has come, waiting for it; empty at the end of the stream. */
    String receive() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment into = arena.allocate(CHUNK);
            Received received = linux.sockets().receive(socket, into);
            assertThat(received.bytes()).as("an answer in time").isNotNegative();
            return new String(
                    into.asSlice(0, received.bytes()).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1);
        }
    }

    /** The next answer. */
    Answer answer() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (true) {
            String more = receive();
            assertThat(more).as("an answer's rest after: " + bytes).isNotEmpty();
            bytes.writeBytes(more.getBytes(StandardCharsets.ISO_8859_1));
            String text = bytes.toString(StandardCharsets.ISO_8859_1);
            int end = text.indexOf("\r\n\r\n");
            if (end >= 0) {
                assertThat(text).startsWith("HTTP/1.1 ");
                String head = text.substring(0, end);
                int length = length(head);
                if (bytes.size() >= end + 4 + length) {
                    assertThat(bytes.size()).as("nothing else: " + text).isEqualTo(end + 4 + length);
                    String body = new String(bytes.toByteArray(), end + 4, length, StandardCharsets.UTF_8);
                    return new Answer(Integer.parseInt(head.substring(9, 12)), body);
                }
            }
        }
    }

    private static int length(String head) {
        int at = head.indexOf(LENGTH);
        return at < 0
                ? 0
                : Integer.parseInt(head.substring(at + LENGTH.length()).split("\r", 2)[0]);
    }

    @Override
    public void close() {
        socket.close();
    }
}
