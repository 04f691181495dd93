package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpReaderTest {
    private final HttpReader reader = new HttpReader();

    @Test
    void takesARequestThatArrivesByteByByte() {
        byte[] bytes = bytes("PUT /api/v1/vm.create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
        for (int i = 0; i < bytes.length - 1; i++) {
            reader.append(new byte[] {bytes[i]}, 1);
            assertThat(reader.next()).isEmpty();
        }
        reader.append(new byte[] {bytes[bytes.length - 1]}, 1);
        assertThat(reader.next()).hasValueSatisfying(request -> {
            assertThat(request.method()).isEqualTo("PUT");
            assertThat(request.path()).isEqualTo("/api/v1/vm.create");
            assertThat(request.body()).isEqualTo(bytes("abc"));
            assertThat(request.keepAlive()).isTrue();
        });
    }

    @Test
    void takesTwoRequestsOfOnePacketInTheirOrder() {
        append("GET /a HTTP/1.1\r\n\r\nGET /b?x=1 HTTP/1.1\r\nConnection: close\r\n\r\n");
        assertThat(reader.next().orElseThrow().path()).isEqualTo("/a");
        HttpRequest second = reader.next().orElseThrow();
        assertThat(second.path()).isEqualTo("/b");
        assertThat(second.keepAlive()).isFalse();
        assertThat(reader.inRequest()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "GET, 400",
        "GET /a, 400",
        "GET a HTTP/1.1, 400",
        "GET /a FTP/1.1, 400",
        "'GET /a HTTP/1.1\r\nContent-Length: -1', 400",
        "'GET /a HTTP/1.1\r\nContent-Length: 12x', 400",
        "'GET /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2', 400",
        "'GET /a HTTP/1.1\r\nTransfer-Encoding: chunked', 400",
        "'GET /a HTTP/1.1\r\nContent-Length: 4194305', 413",
        "'GET /a HTTP/1.1\r\nContent-Length: 999999999', 413",
    })
    void refusesWhatIsNoRequest(String head, int status) {
        append(head + "\r\n\r\n");
        assertThatThrownBy(reader::next)
                .isInstanceOfSatisfying(
                        HttpError.class, e -> assertThat(e.status()).isEqualTo(status));
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP/1.1, 100-continue, 3, true",
        "HTTP/1.1, 100-Continue, 3, true",
        "HTTP/1.0, 100-continue, 3, false",
        "HTTP/1.1, 100-continue, 0, false",
        "HTTP/1.1, something, 3, false"
    })
    void whoWaitsToSendHisBodyIsToldOnce(String version, String expectation, int length, boolean waits) {
        String head = "PUT /a " + version + "\r\nExpect: " + expectation + "\r\nContent-Length: " + length;
        append(head);
        assertThat(reader.next()).isEmpty();
        assertThat(reader.takeExpectation()).as("in the head").isFalse();
        append("\r\n\r\n");
        if (reader.next().isEmpty()) {
            assertThat(reader.takeExpectation()).isEqualTo(waits);
            assertThat(reader.takeExpectation()).isFalse();
            append("abc");
            assertThat(reader.next()).isPresent();
        }
        assertThat(reader.takeExpectation()).isFalse();
        append("PUT /b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\na");
        assertThat(reader.next()).isEmpty();
        assertThat(reader.takeExpectation()).as("of one who does not wait").isFalse();
    }

    @Test
    void bufferedHeadIsBounded() {
        append("GET /" + "a".repeat(HttpReader.MAX_HEAD));
        assertThatThrownBy(reader::next)
                .isInstanceOfSatisfying(
                        HttpError.class, e -> assertThat(e.status()).isEqualTo(431));
    }

    @Test
    void bufferedRequestIsBounded() {
        byte[] block = new byte[1 << 20];
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 6; i++) {
                        reader.append(block, block.length);
                    }
                })
                .isInstanceOfSatisfying(
                        HttpError.class, e -> assertThat(e.status()).isEqualTo(413));
    }

    private void append(String text) {
        reader.append(bytes(text), text.length());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
