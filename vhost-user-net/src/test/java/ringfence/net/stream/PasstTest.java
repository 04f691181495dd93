package ringfence.net.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.net.NetVm;
import ringfence.virtio.NetLayout;

/** A guest's driver, our device and the real passt: ARP, DHCP, and datagrams to a server on the host's loopback. */
@Timeout(60)
class PasstTest {
    private static final int RX = 0;
    private static final int TX = 1;
    private static final byte[] MAC = {0x52, 0x54, 0, 0, 0, 1};
    private static final int ARP = 0x0806;
    private static final int IPV4 = 0x0800;
    private static final int UDP = 17;

    private final Linux linux = Linux.system();
    private final List<String> losses = Collections.synchronizedList(new ArrayList<>());
    private Process passt;
    private PasstNetwork network;
    private NetVm vm;

    @TempDir
    Path directory;

    @BeforeEach
    void start() throws Exception {
        Path socket = directory.resolve("passt");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx")); // it becomes nobody
        try {
            passt = new ProcessBuilder("passt", "--foreground", "--one-off", "--socket", socket.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("log").toFile())
                    .start();
        } catch (IOException e) {
            assumeThat(e).as("passt is not installed").isNull();
        }
        while (!Files.exists(socket)) {
            assumeThat(passt.isAlive())
                    .as(() -> "passt does not start: " + log())
                    .isTrue();
            Thread.sleep(10);
        }
        Thread.sleep(50); // it listens soon after
        network = PasstNetwork.connect(linux, socket.toString(), OptionalInt.empty(), losses::add);
        vm = new NetVm(linux, network, -1, "passt");
        vm.startPair(0);
        vm.post(RX, 250, 1526);
    }

    private String log() {
        try {
            return Files.readString(directory.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    @AfterEach
    void stop() throws Exception {
        if (vm != null) {
            vm.close();
            network.close();
        }
        if (passt != null) {
            passt.destroy();
            assertThat(passt.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private void send(byte[] frame) {
        vm.send(TX, new byte[NetVm.HEADER], frame, 4096);
    }

    /** The next frame that is what is waited for; its buffers are posted anew. */
    private byte[] receive(int type, int protocol) {
        while (true) {
            NetVm.Got got = vm.receive(RX);
            vm.post(RX, got.buffers(), 1526);
            assertThat(Arrays.copyOf(got.header(), 10)).isEqualTo(new byte[10]);
            byte[] frame = got.frame();
            if (big(frame, 12) == type && (protocol == 0 || frame[23] == protocol)) {
                return frame;
            }
        }
    }

    @Test
    void aGuestGetsAnAddressAndReachesAServerOnTheHost() throws Exception {
        send(datagram(new byte[4], 68, new byte[] {-1, -1, -1, -1}, 67, discover(), null));
        byte[] offer = receive(IPV4, UDP);
        assertThat(big(offer, 36)).as("from the DHCP server to the client").isEqualTo(68);
        byte[] mine = Arrays.copyOfRange(offer, 42 + 16, 42 + 20);
        byte[] router = option(offer, 3);
        assertThat(mine).isNotEqualTo(new byte[4]);

        send(arp(mine, router));
        byte[] answer = receive(ARP, 0);
        assertThat(big(answer, 20)).as("an answer").isEqualTo(2);
        assertThat(Arrays.copyOfRange(answer, 28, 32)).isEqualTo(router);
        byte[] gateway = Arrays.copyOfRange(answer, 22, 28);

        try (DatagramSocket server = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            for (int length : new int[] {1, 100, 1400, 9000, 30_000}) {
                byte[] payload = new byte[length];
                Arrays.fill(payload, (byte) length);
                send(datagram(mine, 5000, router, server.getLocalPort(), payload, gateway));
                DatagramPacket packet = new DatagramPacket(new byte[65_000], 65_000);
                server.setSoTimeout(10_000);
                server.receive(packet);
                assertThat(packet.getLength()).isEqualTo(length);
                server.send(packet); // back to where it came from
                byte[] back = receive(IPV4, UDP);
                assertThat(big(back, 36)).isEqualTo(5000);
                assertThat(Arrays.copyOfRange(back, 42, back.length)).isEqualTo(payload);
            }
        }
        assertThat(losses).isEmpty();
    }

    @Test
    void itsStreamHasNoRoomForOffloads() {
        long refused = NetLayout.F_CSUM | NetLayout.F_HOST_TSO4 | NetLayout.F_GUEST_TSO4 | NetLayout.F_GUEST_CSUM;
        assertThat(vm.offer.features() & refused).isZero();
        assertThat(vm.offer.features() & NetLayout.F_MRG_RXBUF).isNotZero();
    }

    @Test
    void itsEndIsSaidOnce() throws Exception {
        passt.destroyForcibly().waitFor();
        NetVm.until(() -> !losses.isEmpty());
        send(arp(new byte[4], new byte[] {10, 0, 0, 1}));
        assertThat(losses).containsExactly("passt: it has ended");
    }

    @Test
    void whereNobodyListensThatIsSaid() {
        assertThatThrownBy(() -> PasstNetwork.connect(linux, directory + "/nobody", OptionalInt.empty(), losses::add))
                .hasMessageStartingWith("--backend=passt=" + directory + "/nobody: no passt listens there, start it");
    }

    private static int big(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    private static byte[] arp(byte[] from, byte[] to) {
        return ByteBuffer.allocate(42)
                .put(new byte[] {-1, -1, -1, -1, -1, -1})
                .put(MAC)
                .putShort((short) ARP)
                .putShort((short) 1)
                .putShort((short) IPV4)
                .put((byte) 6)
                .put((byte) 4)
                .putShort((short) 1)
                .put(MAC)
                .put(from)
                .put(new byte[6])
                .put(to)
                .array();
    }

    /** RFC 2131: who is there, and what may I have. */
    private static byte[] discover() {
        return ByteBuffer.allocate(300)
                .put(new byte[] {1, 1, 6, 0, 1, 2, 3, 4})
                .position(28)
                .put(MAC)
                .position(236)
                .putInt(0x63825363)
                .put(new byte[] {53, 1, 1, -1})
                .array();
    }

    private static byte[] option(byte[] offer, int wanted) {
        int at = 42 + 240;
        while (offer[at] != wanted) {
            at += 2 + (offer[at + 1] & 0xff);
        }
        return Arrays.copyOfRange(offer, at + 2, at + 6);
    }

    /** A frame with a datagram, its UDP checksum left out as IPv4 allows; {@code station} null: to everybody. */
    private static byte[] datagram(byte[] from, int port, byte[] to, int toPort, byte[] payload, byte[] station) {
        ByteBuffer frame = ByteBuffer.allocate(42 + payload.length)
                .put(station == null ? new byte[] {-1, -1, -1, -1, -1, -1} : station)
                .put(MAC)
                .putShort((short) IPV4)
                .putShort((short) 0x4500)
                .putShort((short) (28 + payload.length))
                .putInt(0)
                .put((byte) 64)
                .put((byte) UDP)
                .putShort((short) 0)
                .put(from)
                .put(to)
                .putShort((short) port)
                .putShort((short) toPort)
                .putShort((short) (8 + payload.length))
                .putShort((short) 0)
                .put(payload);
        int sum = 0;
        for (int i = 14; i < 34; i += 2) {
            sum += big(frame.array(), i);
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        return frame.putShort(24, (short) ~((sum & 0xffff) + (sum >>> 16))).array();
    }
}
