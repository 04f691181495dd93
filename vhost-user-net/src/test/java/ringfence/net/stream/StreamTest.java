package ringfence.net.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Linux;
import ringfence.net.Frames;
import ringfence.net.NetVm;
import ringfence.net.packet.Drop;

/** The stream itself: cut anywhere, full, and broken; a real socket, with the test at its other end. */
@Timeout(60)
class StreamTest {
    private static final int RX = 0;
    private static final int TX = 1;

    private final Linux linux = Linux.system();
    private final List<String> losses = Collections.synchronizedList(new ArrayList<>());
    private SocketChannel peer;
    private PasstNetwork network;
    private NetVm vm;

    @TempDir
    Path directory;

    @BeforeEach
    void start() throws IOException {
        Path path = directory.resolve("s");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            network = PasstNetwork.connect(linux, path.toString(), OptionalInt.empty(), losses::add);
            peer = server.accept();
        }
        vm = new NetVm(linux, network, -1, "stream");
        vm.startPair(0);
    }

    @AfterEach
    void stop() throws IOException {
        peer.close();
        vm.close();
        network.close();
    }

    private static byte[] onWire(byte[] frame) {
        return ByteBuffer.allocate(4 + frame.length)
                .putInt(frame.length)
                .put(frame)
                .array();
    }

    /** More than the buffer holds, in writes of every size: each frame arrives whole and in its turn. */
    @Test
    void framesMayBeCutAnywhere() throws Exception {
        vm.post(RX, 200, 1526);
        Random random = new Random(8);
        int frames = 3000;
        Thread writer = Thread.ofPlatform().start(() -> {
            Random lengths = new Random(9);
            ByteBuffer stream = ByteBuffer.allocate(frames * 1520);
            for (int i = 0; i < frames; i++) {
                stream.put(onWire(Frames.plain(14 + lengths.nextInt(1500), i)));
            }
            stream.flip();
            int end = stream.limit();
            try {
                while (stream.position() < end) {
                    stream.limit(Math.min(end, stream.position() + 1 + random.nextInt(5000)));
                    peer.write(stream);
                }
            } catch (IOException e) {
                losses.add(e.toString());
            }
        });
        Random lengths = new Random(9);
        for (int i = 0; i < frames; i++) {
            assertThat(vm.receive(RX).frame()).isEqualTo(Frames.plain(14 + lengths.nextInt(1500), i));
            vm.post(RX, 1, 1526);
        }
        writer.join();
        assertThat(losses).isEmpty();
    }

    /** The other side reads nothing for a while: what it gets then is whole frames, and those that are missing are counted. */
    @Test
    void aFullStreamLosesWholeFramesOnly() throws Exception {
        int sent = 0;
        while (vm.counters(TX).drops(Drop.HOST_BUSY) < 3) {
            vm.send(TX, new byte[NetVm.HEADER], Frames.plain(60_000, ++sent), 4096);
        }
        long passed = vm.counters(TX).packets();
        assertThat(passed).isEqualTo(sent - 3);
        DataInputStream in = new DataInputStream(Channels.newInputStream(peer));
        for (int i = 1; i < passed; i++) {
            assertThat(in.readInt()).isEqualTo(60_000);
            assertThat(in.readNBytes(60_000)).isEqualTo(Frames.plain(60_000, i));
        }
        Thread next = Thread.ofPlatform().start(() -> vm.send(TX, new byte[NetVm.HEADER], Frames.plain(99, 99), 7));
        assertThat(in.readInt()).isEqualTo(60_000);
        assertThat(in.readNBytes(60_000)).as("the one that was cut").isEqualTo(Frames.plain(60_000, (int) passed));
        assertThat(in.readInt()).isEqualTo(99);
        assertThat(in.readNBytes(99)).isEqualTo(Frames.plain(99, 99));
        next.join();
        assertThat(losses).isEmpty();
    }

    /** A frame that was read waits for a buffer, also while its queue is stopped. */
    @Test
    void whatWasReadIsNotLost() throws Exception {
        peer.write(ByteBuffer.wrap(onWire(Frames.plain(100, 1))));
        peer.write(ByteBuffer.wrap(onWire(Frames.plain(101, 2))));
        Thread.sleep(50);
        vm.frontend.stopQueue(RX);
        vm.start(RX);
        vm.post(RX, 2, 1526);
        assertThat(vm.receive(RX).frame()).isEqualTo(Frames.plain(100, 1));
        assertThat(vm.receive(RX).frame()).isEqualTo(Frames.plain(101, 2));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 13, 65_554, -1, Integer.MIN_VALUE})
    void aLengthThatMakesNoSenseEndsIt(int length) throws Exception {
        vm.post(RX, 1, 1526);
        peer.write(ByteBuffer.allocate(4).putInt(0, length));
        NetVm.until(() -> !losses.isEmpty());
        assertThat(losses).containsExactly("passt: it sends a frame of " + Integer.toUnsignedString(length) + " bytes");
        vm.send(TX, new byte[NetVm.HEADER], Frames.plain(60, 1), 4096);
        assertThat(vm.counters(TX).drops(Drop.PORT_DOWN)).isOne();
    }
}
