package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Linux;

/** Clients that are slow, idle, many or senseless delay nobody, and are told what is wrong. */
@Timeout(120)
class ApiServerTest {
    private static final int CLIENTS = Integer.getInteger("ringfence.api.clients", 60);
    private static final int IN_FULL = 1000;
    private static final ApiLimits PATIENT = ApiLimits.of(4096);
    private static final String PING = TestServer.request("GET", "vmm.ping", "");
    private static final String BOOT = TestServer.request("PUT", "vm.boot", "");

    @TempDir
    Path folder;

    private final List<SocketChannel> clients = new ArrayList<>();

    @AfterEach
    void leave() throws IOException {
        for (SocketChannel client : clients) {
            client.close();
        }
    }

    private SocketChannel client(TestServer server, String bytes) throws IOException {
        SocketChannel client = server.client(bytes);
        clients.add(client);
        return client;
    }

    /** What the i-th bad client sends: nothing, a part of a head, a part of a body, garbage, or a question now and then. */
    private static String bad(int i, Random random) {
        return switch (i % 5) {
            case 0 -> "";
            case 1 -> "GET /api/v1/vmm.ping HTTP/1.1\r\nX-Slow: ";
            case 2 -> "PUT /api/v1/vm.create HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n{";
            case 3 -> {
                byte[] bytes = new byte[1 + random.nextInt(20_000)];
                random.nextBytes(bytes);
                yield new String(bytes, StandardCharsets.ISO_8859_1);
            }
            default -> "GET /api/v1/vm.info HTTP/1.1\r\n\r\n";
        };
    }

    /** As curl does with a body of more than 1 MiB. */
    @Test
    void aClientThatWaitsToSendItsBodyIsToldTo() throws Exception {
        String body = "{\"payload\":{\"kernel\":\"/k\"}" + " ".repeat(2 << 20) + "}";
        try (TestServer server = TestServer.start(folder, PATIENT)) {
            SocketChannel client = client(
                    server,
                    "PUT /api/v1/vm.create HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: "
                            + body.length() + "\r\n\r\n");
            ByteBuffer told = ByteBuffer.allocate(25);
            while (told.hasRemaining()) {
                assertThat(client.read(told)).isPositive();
            }
            assertThat(told.array()).asString().isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            ByteBuffer bytes = ByteBuffer.wrap(body.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                client.write(bytes);
            }
            assertThat(TestServer.all(client)).startsWith("HTTP/1.1 204 ");
            assertThat(server.ask("GET", "vm.info", "")).contains("\"kernel\":\"/k\"");
        }
    }

    /** It is told what is wrong at once, and need not send what would be too much. */
    @Test
    void aClientThatWaitsToSendTooMuchIsToldNotTo() throws Exception {
        try (TestServer server = TestServer.start(folder, PATIENT)) {
            SocketChannel client = client(
                    server,
                    "PUT /api/v1/vm.create HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4194305\r\n\r\n");
            assertThat(TestServer.all(client)).startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void slowAndSenselessClientsDoNotDelayAGoodOne() throws Exception {
        Random random = new Random(Long.getLong("ringfence.seed", 1));
        int questions = 400;
        long[] nanos = new long[questions];
        try (TestServer server = TestServer.start(folder, PATIENT)) {
            assertThat(server.ask("PUT", "vm.create", "{\"payload\":{\"kernel\":\"/k\"}}"))
                    .startsWith("HTTP/1.1 204 ");
            for (int i = 0; i < CLIENTS; i++) {
                client(server, bad(i, random));
            }
            for (int i = 0; i < questions; i++) {
                trickle(clients.get(random.nextInt(CLIENTS)));
                long start = System.nanoTime();
                String answer = server.ask("GET", "vm.info", "");
                nanos[i] = System.nanoTime() - start;
                assertThat(answer).startsWith("HTTP/1.1 200 ").contains("\"state\":\"Created\"");
            }
        }
        Arrays.sort(nanos);
        System.out.println("counted: " + CLIENTS + " slow or senseless clients; vm.info of a good one: median "
                + micros(nanos[questions / 2]) + " us, 99 % within " + micros(nanos[questions * 99 / 100]) + " us");
        if (CLIENTS >= IN_FULL) { // on a host that does nothing else
            assertThat(nanos[questions * 99 / 100]).isLessThan(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    /** A byte more of one that does not come to an end; the server may have ended it. */
    private static void trickle(SocketChannel client) {
        try {
            client.write(ByteBuffer.wrap(new byte[] {'x'}));
        } catch (IOException _) {
            // it is refused already
        }
    }

    private static long micros(long nanos) {
        return TimeUnit.NANOSECONDS.toMicros(nanos);
    }

    @Test
    void readsDoNotWaitForChanges() throws Exception {
        try (TestServer server = TestServer.busy(folder, PATIENT)) {
            for (int i = 0; i < PATIENT.waiting(); i++) {
                client(server, BOOT);
            }
            assertThat(server.ask("GET", "vmm.ping", "")).startsWith("HTTP/1.1 200 ");
            assertThat(server.ask("PUT", "vm.boot", "")).as("one more").startsWith("HTTP/1.1 429 ");
            assertThat(server.ask("GET", "vm.info", "")).startsWith("HTTP/1.1 404 ");
        }
    }

    private static ApiLimits hasty() {
        return new ApiLimits(16, 150, 300, 100, 1 << 20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"G", "GET / HTTP/1.1\r\n", "PUT /api/v1/vm.create HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"})
    void aRequestThatDoesNotArriveInTimeIs408(String part) throws Exception {
        try (TestServer server = TestServer.start(folder, hasty())) {
            assertThat(TestServer.all(client(server, part)))
                    .startsWith("HTTP/1.1 408 ")
                    .contains("[\"the request did not arrive in time");
        }
    }

    @Test
    void anIdleClientIsLeftWithoutAWord() throws Exception {
        try (TestServer server = TestServer.start(folder, hasty())) {
            assertThat(TestServer.all(client(server, ""))).isEmpty();
            String twice = TestServer.all(client(server, "GET /api/v1/vmm.ping HTTP/1.1\r\n\r\n"));
            assertThat(twice).startsWith("HTTP/1.1 200 ").doesNotContain("408");
        }
    }

    /** A path that was meant for something else. */
    @Test
    void whatIsNoSocketAtItsPathStays() throws Exception {
        Linux linux = Linux.system();
        Path path = folder.resolve("api");
        Path precious = Files.writeString(folder.resolve("precious"), "precious");
        Files.createLink(path, precious);
        assertThatThrownBy(() -> ApiListener.at(linux, path.toString())).hasMessageContaining("EEXIST");
        assertThat(path).hasContent("precious");
        Files.delete(path);
        Files.createSymbolicLink(path, precious);
        assertThatThrownBy(() -> ApiListener.at(linux, path.toString())).hasMessageContaining("EEXIST");
        assertThat(path).isSymbolicLink().hasContent("precious");
        Files.delete(path);
        linux.sockets().listen(path.toString(), 1).close();
        try (ApiListener _ = ApiListener.at(linux, path.toString())) {
            linux.sockets().connect(path.toString()).close();
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void whatIsTooLargeIsRefusedBeforeItIsThere() throws Exception {
        try (TestServer server = TestServer.start(folder, PATIENT)) {
            assertThat(TestServer.all(client(server, "GET /" + "a".repeat(9000))))
                    .startsWith("HTTP/1.1 431 ");
            assertThat(TestServer.all(client(server, "PUT / HTTP/1.1\r\nContent-Length: 4194305\r\n\r\n")))
                    .startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void theOldestUnfinishedRequestMakesRoomForAnotherClient() throws Exception {
        try (TestServer server = TestServer.start(folder, new ApiLimits(4, 60_000, 60_000, 60_000, 1 << 20))) {
            SocketChannel first = client(server, "GET /");
            client(server, "GET /");
            client(server, "GET /");
            assertThat(server.ask("GET", "vmm.ping", "")).as("the fourth").startsWith("HTTP/1.1 200 ");
            client(server, "GET /");
            assertThat(server.ask("GET", "vmm.ping", "")).as("the fifth").startsWith("HTTP/1.1 200 ");
            assertThat(TestServer.all(first)).startsWith("HTTP/1.1 429 ").contains("too many clients");
        }
    }

    @Test
    void theLargestUnfinishedRequestMakesRoomForOthers() throws Exception {
        try (TestServer server = TestServer.start(folder, new ApiLimits(64, 60_000, 60_000, 60_000, 5_000))) {
            SocketChannel large = client(
                    server, "PUT /api/v1/vm.create HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n" + "{".repeat(10_000));
            assertThat(TestServer.all(large)).startsWith("HTTP/1.1 429 ").contains("too many large requests");
            assertThat(server.ask("GET", "vmm.ping", "")).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void requestsOfOneConnectionAreAnsweredInTheirOrder() throws Exception {
        try (TestServer server = TestServer.start(folder, PATIENT)) {
            String both = TestServer.all(client(server, "GET /nowhere HTTP/1.1\r\n\r\n" + PING));
            assertThat(both.indexOf("HTTP/1.1 404 ")).isZero();
            assertThat(both.indexOf("HTTP/1.1 200 ")).isPositive();
        }
    }

    /** For a watchdog: of an owner that is busy for ever there is none. */
    @Test
    void ownerAndApiGiveSignsOfLife() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        try (TestServer server = TestServer.start(folder, PATIENT)) {
            server.askForSigns(both::countDown, both::countDown);
            assertThat(both.await(20, TimeUnit.SECONDS)).isTrue();
        }
        CountDownLatch owner = new CountDownLatch(1);
        CountDownLatch api = new CountDownLatch(1);
        try (TestServer server = TestServer.busy(folder, PATIENT)) {
            server.askForSigns(owner::countDown, api::countDown);
            assertThat(api.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(owner.getCount()).isEqualTo(1);
        }
    }
}
