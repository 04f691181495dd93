package ringfence.vmm.api;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Turns the bytes of one connection into requests (HTTP/1.1, RFC 9112: Content-Length bodies only). Everything that
 * the client can size has a bound: 8 KiB of head, 4 MiB of body. A head is parsed once, however slowly its body comes.
 * Used by one thread only.
 */
final class HttpReader {
    /** Largest start line with all headers, in bytes. */
    static final int MAX_HEAD = 8 << 10;
    /** Largest body, in bytes: Cloud Hypervisor's limit. */
    static final int MAX_BODY = 4 << 20;

    private static final int SMALL = 1 << 10;

    /** @param size bytes up to the body */
    private record Head(String method, String path, boolean keepAlive, int size, int bodyLength) {}

    private byte[] buffer = new byte[SMALL];
    private int length;
    private int scanned;
    private Head head; // null: not complete
    private boolean awaited; // the client waits until it is told to send the body

    /** Takes over received bytes. */
    void append(byte[] bytes, int count) {
        int needed = length + count;
        if (needed > MAX_HEAD + MAX_BODY) {
            throw new HttpError(413, "the request is larger than " + MAX_BODY + " bytes");
        }
        if (needed > buffer.length) {
            int expected = head == null ? buffer.length * 2 : head.size() + head.bodyLength();
            buffer = Arrays.copyOf(buffer, Math.max(needed, Math.min(expected, buffer.length * 4)));
        }
        System.arraycopy(bytes, 0, buffer, length, count);
        length = needed;
    }

    /** Whether a request has begun that is not complete. */
    boolean inRequest() {
        return length > 0;
    }

    /** Whether it is the body that is not complete. */
    boolean inBody() {
        return head != null;
    }

    /** Whether the client waits to be told that it may send its body (RFC 9110, 10.1.1); true once for a request. */
    boolean takeExpectation() {
        boolean told = awaited && head != null && length == head.size();
        awaited &= !told;
        return told;
    }

    /** Bytes of memory that it takes. */
    int capacity() {
        return buffer.length;
    }

    /**
     * The next complete request, or empty if more bytes are needed.
     *
     * @throws HttpError if what came is no request that we take
     */
    Optional<HttpRequest> next() {
        if (head == null && !readHead()) {
            return Optional.empty();
        }
        int used = head.size() + head.bodyLength();
        if (length < used) {
            return Optional.empty();
        }
        HttpRequest request = new HttpRequest(
                head.method(), head.path(), Arrays.copyOfRange(buffer, head.size(), used), head.keepAlive(), List.of());
        buffer = Arrays.copyOfRange(buffer, used, Math.max(length, used + SMALL));
        length -= used;
        scanned = 0;
        head = null;
        return Optional.of(request);
    }

    private boolean readHead() {
        int end = headEnd();
        if (end > MAX_HEAD || end < 0 && length > MAX_HEAD) {
            throw new HttpError(431, "the head of the request is larger than " + MAX_HEAD + " bytes");
        }
        if (end < 0) {
            return false;
        }
        String[] lines = new String(buffer, 0, end, StandardCharsets.ISO_8859_1).split("\r\n", -1);
        String[] start = lines[0].split(" ", -1);
        if (start.length != 3 || !start[2].startsWith("HTTP/1.") || !start[1].startsWith("/")) {
            throw new HttpError(400, "not an HTTP/1.1 request line: a method, a path and a version are needed");
        }
        int query = start[1].indexOf('?');
        String path = query < 0 ? start[1] : start[1].substring(0, query);
        boolean close = header(lines, "connection")
                .map(value -> value.equalsIgnoreCase("close"))
                .orElse(start[2].equals("HTTP/1.0"));
        head = new Head(start[0], path, !close, end + 4, bodyLength(lines));
        awaited = head.bodyLength() > 0
                && start[2].equals("HTTP/1.1")
                && header(lines, "expect")
                        .filter("100-continue"::equalsIgnoreCase)
                        .isPresent();
        return true;
    }

    private int headEnd() {
        for (int i = Math.max(0, scanned - 3); i + 3 < length; i++) {
            if (buffer[i] == '\r' && buffer[i + 1] == '\n' && buffer[i + 2] == '\r' && buffer[i + 3] == '\n') {
                return i;
            }
        }
        scanned = length;
        return -1;
    }

    private static int bodyLength(String[] lines) {
        if (header(lines, "transfer-encoding").isPresent()) {
            throw new HttpError(400, "Transfer-Encoding is not supported: send Content-Length");
        }
        Optional<String> value = header(lines, "content-length");
        if (value.isEmpty()) {
            return 0;
        }
        if (!value.get().matches("[0-9]{1,9}")) {
            throw new HttpError(400, "Content-Length is no number");
        }
        int bytes = Integer.parseInt(value.get());
        if (bytes > MAX_BODY) {
            throw new HttpError(413, "the body is larger than " + MAX_BODY + " bytes");
        }
        return bytes;
    }

    /** The value of a header; two different values of one header are refused, for they smuggle requests. */
    private static Optional<String> header(String[] lines, String name) {
        String found = null;
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0
                    && lines[i].substring(0, colon).toLowerCase(Locale.ROOT).equals(name)) {
                String value = lines[i].substring(colon + 1).strip();
                if (found != null && !found.equals(value)) {
                    throw new HttpError(400, "two different values of " + name);
                }
                found = value;
            }
        }
        return Optional.ofNullable(found);
    }
}
