package ringfence.it.lab;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A client of a VMM's API, as others write one: HTTP over a Unix socket, a connection per request.
 *
 * @param socket where it is served
 */
public record VmmApi(Path socket) {
    private static final int ANSWER_AT_MOST = 1 << 20;

    /**
     * An answer.
     *
     * @param status HTTP's
     * @param body perhaps empty
     */
    public record Answer(int status, String body) {}

    /** Whether it is served by now: a socket can be seen before it can be connected to. */
    public boolean isServed() {
        try {
            return get("vmm.ping").status() == 200;
        } catch (IOException _) {
            return false;
        }
    }

    /** GET. */
    public Answer get(String endpoint) throws IOException {
        return ask("GET", endpoint, "");
    }

    /** PUT without a body. */
    public Answer put(String endpoint) throws IOException {
        return ask("PUT", endpoint, "");
    }

    /** PUT of JSON. */
    public Answer put(String endpoint, String json) throws IOException {
        return ask("PUT", endpoint, json);
    }

    private Answer ask(String method, String endpoint, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String head = method + " /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\nContent-Length: " + bytes.length + "\r\n\r\n";
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
            channel.write(ByteBuffer.wrap(bytes));
            ByteBuffer answer = ByteBuffer.allocate(ANSWER_AT_MOST);
            while (answer.hasRemaining() && channel.read(answer) >= 0) {
                // to its end
            }
            return parse(new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8));
        }
    }

    /** All that came on a connection that has been closed behind it. */
    static Answer parse(String text) throws IOException {
        int end = text.indexOf("\r\n\r\n");
        if (!text.startsWith("HTTP/1.1 ") || end < 0) {
            throw new IOException("no HTTP: '" + text + "'");
        }
        return new Answer(Integer.parseInt(text.substring(9, 12)), text.substring(end + 4));
    }
}
