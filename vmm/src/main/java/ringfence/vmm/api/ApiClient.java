package ringfence.vmm.api;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** The other end of {@link ApiServer}: one request, one connection. Any thread. */
public final class ApiClient {
    /** What an answer may be long; a VM's whole configuration is some 10 KiB. */
    private static final int MOST = 16 << 20;

    private static final int PATIENCE_MILLIS = (int) TimeUnit.SECONDS.toMillis(30);
    private static final String PREFIX = "HTTP/1.1 ";

    private final File socket;

    /** A client of the VMM that listens at this path. */
    public ApiClient(String socket) {
        this.socket = new File(socket);
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

    /**
     * Asks.
     *
     * @param method GET or PUT
     * @param endpoint such as {@code vmm.ping}
     * @param body JSON; empty: none
     * @throws IOException if nobody listens, or what answers does not speak HTTP, or takes longer than 30 s
     */
    public Answer ask(String method, String endpoint, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        try (AFUNIXSocket connection = AFUNIXSocket.newInstance()) {
            connection.setSoTimeout(PATIENCE_MILLIS);
            connection.connect(AFUNIXSocketAddress.of(socket), PATIENCE_MILLIS);
            String request = method + " /api/v1/" + endpoint
                    + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nContent-Length: " + bytes.length
                    + "\r\nConnection: close\r\n\r\n";
            connection.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            connection.getOutputStream().write(bytes);
            return parse(all(connection.getInputStream()));
        }
    }

    private static String all(InputStream input) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] chunk = new byte[4096];
        int got;
        while ((got = input.read(chunk)) > 0) {
            bytes.write(chunk, 0, got);
            if (bytes.size() > MOST) {
                throw new IOException("an answer of more than " + MOST + " bytes");
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
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
