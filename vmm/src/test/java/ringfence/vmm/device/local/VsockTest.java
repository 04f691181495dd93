package ringfence.vmm.device.local;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.virtio.VsockLayout.CREDIT_REQUEST;
import static ringfence.virtio.VsockLayout.CREDIT_UPDATE;
import static ringfence.virtio.VsockLayout.REQUEST;
import static ringfence.virtio.VsockLayout.RESPONSE;
import static ringfence.virtio.VsockLayout.RST;
import static ringfence.virtio.VsockLayout.RW;
import static ringfence.virtio.VsockLayout.SHUTDOWN;
import static ringfence.virtio.VsockLayout.SHUTDOWN_RECEIVE;
import static ringfence.virtio.VsockLayout.SHUTDOWN_SEND;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.vmm.device.local.VsockGuest.Packet;

/** Streams between programs of the host's and a guest: virtio 1.3, 5.10, and the lines of the path's socket. */
@Timeout(60)
class VsockTest {
    private static final int PORT = 1234;
    private static final int HOSTS = 5000;
    private static final int FIRST = 1 << 30;

    @TempDir
    Path folder;

    private Path path;
    private VsockGuest guest;

    @BeforeEach
    void device() {
        path = folder.resolve("v");
        guest = new VsockGuest(path).start();
    }

    @AfterEach
    void close() {
        guest.close();
        assertThat(path).doesNotExist();
    }

    // ---- from the host ------------------------------------------------------------------------------------------

    private SocketChannel dial(String line) throws IOException {
        SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path));
        write(client, line);
        return client;
    }

    private static void write(SocketChannel to, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }

    /** So many bytes, fewer if the stream ends before. */
    private static String read(SocketChannel from, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && from.read(bytes) >= 0) {}
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    }

    /** A connection to the guest's port, which has accepted it with so much room. */
    private SocketChannel open(int room) throws IOException {
        SocketChannel client = dial("CONNECT " + PORT + "\n");
        Packet asked = guest.next();
        assertThat(asked.op()).isEqualTo(REQUEST);
        guest.send(RESPONSE, asked.hostPort(), PORT, 0, room, 0, 0, new byte[0]);
        String ok = "OK " + asked.hostPort() + "\n";
        assertThat(read(client, ok.length())).isEqualTo(ok);
        return client;
    }

    @ParameterizedTest
    @ValueSource(strings = {"CONNECT 1234\n", "connect 1234\n"})
    void aProgramOnTheHostNamesThePortAndHearsWhetherSomebodyAccepts(String line) throws Exception {
        try (SocketChannel client = dial(line + "hello")) {
            Packet asked = guest.next();
            assertThat(asked.op()).isEqualTo(REQUEST);
            assertThat(asked.guestPort()).isEqualTo(PORT);
            assertThat(asked.bufAlloc()).isEqualTo(VsockStream.ROOM);
            guest.send(RESPONSE, asked.hostPort(), PORT);
            assertThat(read(client, 14)).isEqualTo("OK 1073741824\n");
            Packet data = guest.next();
            assertThat(data.op()).isEqualTo(RW);
            assertThat(data.text()).isEqualTo("hello");
            guest.send("and back", asked.hostPort(), PORT);
            assertThat(read(client, 8)).isEqualTo("and back");
        }
    }

    @Test
    void aRefusalEndsTheProgramsConnection() throws Exception {
        try (SocketChannel client = dial("CONNECT 1234\n")) {
            Packet asked = guest.next();
            guest.send(RST, asked.hostPort(), PORT);
            assertThat(read(client, 1)).isEmpty();
        }
        assertThat(guest.isQuiet()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CONNECT\n",
                "CONNECT x\n",
                "CONNECT -1\n",
                "CONNECT 4294967296\n",
                "GET / HTTP/1.1\n",
                "CONNECT 00000000000000000000000000000000000001\n"
            })
    void whoeverDoesNotNameAPortIsLeft(String line) throws Exception {
        try (SocketChannel client = dial(line)) {
            assertThat(read(client, 1)).isEmpty();
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("reset"); // what it had written was not all read
        }
        assertThat(guest.isQuiet()).isTrue();
    }

    /** Both ends learn in 2 s that nobody answers. */
    @Test
    void aGuestThatDoesNotAnswerIsNotWaitedFor() throws Exception {
        try (SocketChannel client = dial("CONNECT 1234\n")) {
            assertThat(guest.next().op()).isEqualTo(REQUEST);
            assertThat(read(client, 1)).isEmpty();
            assertThat(guest.next().op()).isEqualTo(RST);
        }
    }

    /** Before the guest has a driver, too. */
    @Test
    void athousandDialsBeforeTheGuestListensDoNoHarm() throws Exception {
        Path other = folder.resolve("w");
        try (VsockGuest early = new VsockGuest(other)) {
            List<SocketChannel> clients = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(other));
                write(client, "CONNECT 1234\n");
                clients.add(client);
                if (i % 2 == 1) {
                    client.close();
                }
            }
            for (int i = 0; i < 1000; i += 2) {
                assertThat(read(clients.get(i), 1)).isEmpty();
                clients.get(i).close();
            }
            early.start();
            assertThat(early.isQuiet()).isTrue();
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(other))) {
                write(client, "CONNECT 1234\n");
                assertThat(early.next().op()).isEqualTo(REQUEST);
            }
        }
    }

    // ---- from the guest -----------------------------------------------------------------------------------------

    private ServerSocketChannel listen(int port) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(folder.resolve("v_" + port)));
    }

    @Test
    void theGuestReachesWhoListensAtThePathOfItsPort() throws Exception {
        try (ServerSocketChannel server = listen(HOSTS)) {
            guest.send(REQUEST, HOSTS, PORT);
            try (SocketChannel client = server.accept()) {
                Packet accepted = guest.next();
                assertThat(accepted.op()).isEqualTo(RESPONSE);
                assertThat(accepted.hostPort()).isEqualTo(HOSTS);
                guest.send("to the host", HOSTS, PORT);
                assertThat(read(client, 11)).isEqualTo("to the host");
                write(client, "to the guest");
                assertThat(guest.next().text()).isEqualTo("to the guest");
            }
        }
    }

    /** The guest may have named the very port that the host's next program gets. */
    @Test
    void aPairOfPortsIsOneConnections() throws Exception {
        try (ServerSocketChannel server = listen(FIRST)) {
            guest.send(REQUEST, FIRST, PORT);
            try (SocketChannel theirs = server.accept();
                    SocketChannel ours = dial("CONNECT " + PORT + "\n")) {
                assertThat(guest.next().op()).isEqualTo(RESPONSE);
                Packet asked = guest.next();
                assertThat(asked.op()).isEqualTo(REQUEST);
                assertThat(asked.hostPort()).isEqualTo(FIRST + 1);
                guest.send(RESPONSE, FIRST + 1, PORT);
                assertThat(read(ours, 14)).isEqualTo("OK 1073741825\n");
                guest.send("one", FIRST, PORT);
                guest.send("other", FIRST + 1, PORT);
                assertThat(read(theirs, 3)).isEqualTo("one");
                assertThat(read(ours, 5)).isEqualTo("other");
            }
        }
    }

    @Test
    void whereNobodyListensTheGuestIsRefused() {
        guest.send(REQUEST, HOSTS, PORT);
        assertThat(guest.next()).satisfies(packet -> {
            assertThat(packet.op()).isEqualTo(RST);
            assertThat(packet.hostPort()).isEqualTo(HOSTS);
            assertThat(packet.guestPort()).isEqualTo(PORT);
        });
    }

    // ---- room (5.10.6.3) ----------------------------------------------------------------------------------------

    @Test
    void theGuestGetsNoMoreThanItHasRoomFor() throws Exception {
        try (SocketChannel client = open(10)) {
            write(client, "0123456789abcdefghij");
            assertThat(guest.next().text()).isEqualTo("0123456789");
            assertThat(guest.isQuiet()).isTrue();
            guest.send(CREDIT_UPDATE, FIRST, PORT, 0, 10, 4, 0, new byte[0]);
            assertThat(guest.next().text()).isEqualTo("abcd");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 11, 1 << 31})
    void aGuestThatHasTakenWhatItWasNeverSentGetsNothing(int taken) throws Exception {
        try (SocketChannel client = open(10)) {
            guest.send(CREDIT_UPDATE, FIRST, PORT, 0, 10, taken, 0, new byte[0]);
            write(client, "0123456789abcdefghij");
            StringBuilder got = new StringBuilder();
            while (!guest.isQuiet()) {
                got.append(guest.any().text());
            }
            assertThat(got.length()).isLessThanOrEqualTo(10);
        }
    }

    @Test
    void theGuestHearsOfItsRoomWhenItAsks() throws Exception {
        try (SocketChannel client = open(10)) {
            guest.send("12345", FIRST, PORT);
            assertThat(read(client, 5)).isEqualTo("12345");
            assertThat(guest.isQuiet()).isFalse(); // nothing was to be read: that is told by how much room there is
            while (!guest.isQuiet()) {
                guest.any();
            }
            guest.send(CREDIT_REQUEST, FIRST, PORT);
            Packet room = guest.any();
            assertThat(room.op()).isEqualTo(CREDIT_UPDATE);
            assertThat(room.fwdCnt()).isEqualTo(5);
            assertThat(room.bufAlloc()).isEqualTo(VsockStream.ROOM);
        }
    }

    /** What is more than the host takes waits here, up to the room that the guest was told of. */
    @Test
    void whoSendsMoreThanThereIsRoomForLosesTheConnectionAndWhoDoesNotLosesNothing() throws Exception {
        try (SocketChannel client = open(VsockGuest.ROOM)) {
            byte[] chunk = "x".repeat(4000).getBytes(StandardCharsets.US_ASCII);
            int sent = 0;
            int taken = 0;
            while (sent - taken <= VsockStream.ROOM - chunk.length) { // until the host's socket is full, and ours
                guest.send(RW, FIRST, PORT, 0, VsockGuest.ROOM, 0, chunk.length, chunk);
                sent += chunk.length;
                guest.send(CREDIT_REQUEST, FIRST, PORT);
                taken = guest.any().fwdCnt();
            }
            assertThat(read(client, sent)).hasSize(sent);
            while (sent - taken > 0) {
                taken = guest.any().fwdCnt(); // half of the room is told of
                if (guest.isQuiet()) {
                    guest.send(CREDIT_REQUEST, FIRST, PORT);
                    taken = guest.any().fwdCnt();
                }
            }
            byte[] flood = new byte[VsockStream.ROOM];
            int op = RW;
            for (int i = 0; i < 20 && op != RST; i++) {
                guest.send(RW, FIRST, PORT, 0, VsockGuest.ROOM, 0, flood.length, flood);
                guest.send(CREDIT_REQUEST, FIRST, PORT);
                op = guest.any().op();
            }
            assertThat(op).isEqualTo(RST);
        }
    }

    // ---- the end ------------------------------------------------------------------------------------------------

    @Test
    void eitherSideMayEndItsHalf() throws Exception {
        try (SocketChannel client = open(VsockGuest.ROOM)) {
            write(client, "last");
            client.shutdownOutput();
            assertThat(guest.next().text()).isEqualTo("last");
            Packet end = guest.next();
            assertThat(end.op()).isEqualTo(SHUTDOWN);
            assertThat(end.flags()).isEqualTo(SHUTDOWN_SEND);
            guest.send("the guest goes on", FIRST, PORT);
            guest.send(SHUTDOWN, FIRST, PORT, SHUTDOWN_SEND, VsockGuest.ROOM, 4, 0, new byte[0]);
            assertThat(read(client, 100)).isEqualTo("the guest goes on");
        }
        Packet closed = guest.next();
        assertThat(closed.op()).isEqualTo(SHUTDOWN);
        assertThat(closed.flags()).isEqualTo(SHUTDOWN_SEND | SHUTDOWN_RECEIVE);
        guest.send(RST, FIRST, PORT);
        assertThat(guest.isQuiet()).isTrue();
    }

    @Test
    void whatTheHostHasWrittenBeforeItClosesIsTheGuests() throws Exception {
        try (SocketChannel client = open(VsockGuest.ROOM)) {
            write(client, "farewell");
        }
        assertThat(guest.next().text()).isEqualTo("farewell");
        assertTheGuestHearsThatTheHostHasGone();
    }

    /** A read may meet the end before the socket's event says that nobody reads either: then the guest hears it in two. */
    private void assertTheGuestHearsThatTheHostHasGone() {
        Packet end = guest.next();
        assertThat(end.op()).isEqualTo(SHUTDOWN);
        if (end.flags() == SHUTDOWN_SEND) {
            end = guest.next();
            assertThat(end.op()).isEqualTo(SHUTDOWN);
        }
        assertThat(end.flags()).isEqualTo(SHUTDOWN_SEND | SHUTDOWN_RECEIVE);
    }

    /** It is told at once that this is known; what it has sent still reaches the host. */
    @Test
    void whatTheGuestHasSentBeforeItClosesIsTheHosts() throws Exception {
        try (SocketChannel client = open(VsockGuest.ROOM)) {
            byte[] chunk = new byte[4000];
            int sent = 0;
            int taken = 0;
            while (sent - taken < 20_000) {
                guest.send(RW, FIRST, PORT, 0, VsockGuest.ROOM, 0, chunk.length, chunk);
                sent += chunk.length;
                guest.send(CREDIT_REQUEST, FIRST, PORT);
                taken = guest.any().fwdCnt();
            }
            guest.send(SHUTDOWN, FIRST, PORT, SHUTDOWN_SEND | SHUTDOWN_RECEIVE, 0, 0, 0, new byte[0]);
            assertThat(guest.next().op()).isEqualTo(RST);
            assertThat(read(client, sent + 1)).hasSize(sent);
        }
    }

    @Test
    void aResetOfTheDeviceEndsEveryConnection() throws Exception {
        try (SocketChannel client = open(VsockGuest.ROOM)) {
            guest.device.reset().toCompletableFuture().join();
            assertThat(read(client, 1)).isEmpty();
        }
    }

    // ---- against the rules --------------------------------------------------------------------------------------

    @Test
    void whatIsOfNobodyOrForNobodyIsDropped() throws Exception {
        guest.raw(new byte[43]);
        guest.raw(new byte[0x1000]);
        guest.lie(VsockGuest.CID + 1, 2, 1);
        guest.send(REQUEST, HOSTS, PORT);
        guest.lie(VsockGuest.CID, 1, 1);
        guest.send(REQUEST, HOSTS, PORT);
        guest.lie(VsockGuest.CID, 1L << 32 | 2, 1);
        guest.send(REQUEST, HOSTS, PORT);
        guest.honest();
        guest.send(RST, HOSTS, PORT);
        assertThat(guest.isQuiet()).isTrue();
    }

    @Test
    void whatCannotBeIsRefused() throws Exception {
        guest.lie(VsockGuest.CID, 2, 2);
        guest.send(REQUEST, HOSTS, PORT);
        assertThat(guest.next().op()).isEqualTo(RST);
        guest.honest();
        for (int op : new int[] {0, RESPONSE, SHUTDOWN, RW, CREDIT_UPDATE, CREDIT_REQUEST, 8, 0xFFFF}) {
            guest.send(op, HOSTS, PORT);
            assertThat(guest.next().op()).as("to " + op).isEqualTo(RST);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, REQUEST, RESPONSE, 8, 0xFFFF})
    void whatIsOutOfPlaceEndsItsConnection(int op) throws Exception {
        try (SocketChannel client = open(VsockGuest.ROOM)) {
            guest.send(op, FIRST, PORT);
            assertThat(guest.next().op()).isEqualTo(RST);
            assertThat(read(client, 1)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {11, 1 << 20, -1})
    void dataThatIsNotThereEndsItsConnection(int length) throws Exception {
        try (SocketChannel client = open(VsockGuest.ROOM)) {
            guest.send(RW, FIRST, PORT, 0, VsockGuest.ROOM, 0, length, new byte[10]);
            assertThat(guest.next().op()).isEqualTo(RST);
            assertThat(read(client, 1)).isEmpty();
        }
    }

    /** Connections that the guest asks for and never reads of are bounded; when it reads, each is answered. */
    @Test
    void aGuestThatDoesNotReadIsNotReadFrom() throws Exception {
        for (int i = 0; i < 3000; i++) {
            guest.send(REQUEST, HOSTS, i);
            if (i >= 200) {
                assertThat(guest.next().op()).isEqualTo(RST);
            }
        }
        for (int i = 0; i < 200; i++) {
            assertThat(guest.next().op()).isEqualTo(RST);
        }
        assertThat(Files.exists(path)).isTrue();
    }
}
