package ringfence.vmm.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Received;

/** The other end of {@link ApiServer}: one request, one connection. Any thread. */
public final class ApiClient {
    /** What an answer may be long; a VM's whole configuration is some 10 KiB. */
    private static final int MOST = 16 << 20;

    private static final int CHUNK = 16 << 10;
    private static final long READ_MILLIS = TimeUnit.SECONDS.toMillis(30);
    /** Faulting in a large guest's memory takes minutes. */
    private static final long CHANGE_MILLIS = TimeUnit.MINUTES.toMillis(10);

    private static final String PREFIX = "HTTP/1.1 ";

    private final Linux linux;
    private final String socket;

    /** A client of the VMM that listens at this path. */
    public ApiClient(Linux linux, String socket) {
        this.linux = linux;
        this.socket = socket;
    }

    /**
     * An answer.
     *
     * @param status HTTP's
     * @param body perhaps empty
     */
    public record Answer(int status, String body) {
        /** Whether the request was done. */
        public boolean isOk() {
            return status >= 200 && status < 300;
        }
    }

    /** Asks, without descriptors. See {@link #ask(String, String, String, List)}. */
    public Answer ask(String method, String endpoint, String body) throws IOException {
        return ask(method, endpoint, body, List.of());
    }

    /**
     * Asks.
     *
     * @param method GET or PUT
     * @param endpoint such as {@code vmm.ping}
     * @param body JSON; empty: none
     * @param fds descriptors that go along; they stay the caller's
     * @throws IOException if nobody listens, or what answers does not speak HTTP, or takes longer than 30 s for GET and
     *     10 minutes for PUT
     */
    public Answer ask(String method, String endpoint, String body, List<Fd> fds) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        byte[] head = (method + " /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
                        + (bytes.length == 0 ? "" : "Content-Type: application/json\r\n")
                        + "Content-Length: " + bytes.length + "\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
        try (Fd connection = linux.sockets().connect(socket);
                Arena arena = Arena.ofConfined()) {
            long millis = method.equals("GET") ? READ_MILLIS : CHANGE_MILLIS;
            linux.sockets().timeout(connection, millis, READ_MILLIS);
            MemorySegment request = arena.allocate((long) head.length + bytes.length);
            MemorySegment.copy(head, 0, request, ValueLayout.JAVA_BYTE, 0, head.length);
            MemorySegment.copy(bytes, 0, request, ValueLayout.JAVA_BYTE, head.length, bytes.length);
            send(connection, request, fds);
            return parse(all(connection, arena.allocate(CHUNK)));
        } catch (ErrnoException | IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** A server that refuses a request before it is whole has answered: what cannot be sent any more is not wanted. */
    private void send(Fd connection, MemorySegment request, List<Fd> fds) {
        long sent = 0;
        while (sent < request.byteSize()) {
            Fd[] along = sent == 0 ? fds.toArray(Fd[]::new) : new Fd[0];
            long result = linux.sockets().send(connection, request.asSlice(sent), along);
            if (result <= 0) {
                return;
            }
            sent += result;
        }
    }

    private String all(Fd connection, MemorySegment chunk) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (true) {
            Received received = linux.sockets().receive(connection, chunk);
            received.closeAll();
            if (received.bytes() == -Errno.EAGAIN.number()) {
                throw new IOException("no answer for long");
            }
            if (received.bytes() <= 0) {
                return bytes.toString(StandardCharsets.UTF_8);
            }
            bytes.writeBytes(chunk.asSlice(0, received.bytes()).toArray(ValueLayout.JAVA_BYTE));
            if (bytes.size() > MOST) {
                throw new IOException("an answer of more than " + MOST + " bytes");
            }
        }
    }

    private static Answer parse(String answer) throws IOException {
        int end = answer.indexOf("\r\n\r\n");
        if (end < 0 || !answer.startsWith(PREFIX) || answer.length() < PREFIX.length() + 3) {
            throw new IOException("what answers does not speak HTTP");
        }
        String status = answer.substring(PREFIX.length(), PREFIX.length() + 3);
        if (!status.chars().allMatch(digit -> digit >= '0' && digit <= '9')) {
            throw new IOException("an HTTP status of '" + status + "'");
        }
        return new Answer(Integer.parseInt(status), answer.substring(end + 4));
    }
}
