package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Linux;
import ringfence.net.packet.Drop;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;

/** The device between a guest's driver and a real tap, over a socket pair. */
@Timeout(60)
class NetDeviceTest {
    private static final long ALL = -1;
    private static final int RX = 0;
    private static final int TX = 1;
    private static final int LARGE = 60 << 10;

    private final Linux linux = Linux.system();

    @ParameterizedTest
    @ValueSource(ints = {1 << 20, 100, 7})
    void aFrameLeavesTheGuest(int piece) {
        try (NetVm vm = new NetVm(linux, 1, ALL);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            for (int i = 0; i < 20; i++) {
                byte[] frame = Frames.plain(60 + 50 * i, i);
                vm.send(TX, new byte[NetVm.HEADER], frame, piece);
                assertThat(withoutHeader(host.receive())).isEqualTo(frame);
            }
            assertThat(vm.counters(TX).packets()).isEqualTo(20);
            assertThat(vm.counters(TX).bytes()).isEqualTo(20 * 60 + 50 * 190);
        }
    }

    @Test
    void aFrameReachesTheGuest() {
        try (NetVm vm = new NetVm(linux, 1, ALL);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            vm.post(RX, 100, 1526);
            for (int i = 0; i < 20; i++) {
                byte[] frame = Frames.plain(60 + 50 * i, i);
                host.send(frame);
                NetVm.Got got = vm.receive(RX, Frames.EXPERIMENTAL);
                assertThat(got.frame()).isEqualTo(frame);
                assertThat(got.buffers()).isOne();
            }
        }
    }

    @Test
    void aLargeSegmentLeavesTheGuestWhole() {
        try (NetVm vm = new NetVm(linux, 1, ALL);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            vm.startPair(0);
            byte[] frame = Frames.tcp(LARGE);
            vm.send(TX, Frames.tcpHeader(NetVm.HEADER), frame, 4096);
            byte[] got = host.receive();
            assertThat(withoutHeader(got)).isEqualTo(frame);
            assertThat(got[NetLayout.HEADER_GSO_TYPE]).isEqualTo((byte) NetLayout.GSO_TCPV4);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1526, 4096, 300})
    void aLargeSegmentReachesTheGuestWhole(int buffer) {
        try (NetVm vm = new NetVm(linux, 1, ALL);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            vm.startPair(0);
            vm.post(RX, NetVm.SIZE, buffer);
            byte[] frame = Frames.tcp(LARGE);
            host.send(Frames.tcpHeader(HostEnd.HEADER), frame);
            NetVm.Got got = vm.receive(RX, Frames.IPV4);
            assertThat(got.frame()).isEqualTo(frame);
            assertThat(got.header()[NetLayout.HEADER_GSO_TYPE]).isEqualTo((byte) NetLayout.GSO_TCPV4);
            assertThat(got.buffers()).isEqualTo((NetVm.HEADER + frame.length + buffer - 1) / buffer);
        }
    }

    /** A guest that has not accepted segments gets none: the kernel cuts them. */
    @Test
    void segmentsAreCutForAGuestThatTakesNone() {
        long without = ~(NetLayout.F_GUEST_TSO4 | NetLayout.F_GUEST_TSO6 | NetLayout.F_GUEST_CSUM);
        try (NetVm vm = new NetVm(linux, 1, without);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            vm.startPair(0);
            vm.post(RX, NetVm.SIZE, 1526);
            host.send(Frames.tcpHeader(HostEnd.HEADER), Frames.tcp(LARGE));
            long bytes = 0;
            while (bytes < LARGE) {
                NetVm.Got got = vm.receive(RX, Frames.IPV4);
                assertThat(got.frame()).hasSizeLessThanOrEqualTo(1514);
                assertThat(got.header()[NetLayout.HEADER_GSO_TYPE]).isZero();
                bytes += got.frame().length - 54;
            }
            assertThat(bytes).isEqualTo(LARGE);
        }
    }

    /** Without MRG_RXBUF a frame fills one chain, here cut where no driver should cut it: inside the header. */
    @Test
    void withoutMergingAFrameFillsOneChain() {
        try (NetVm vm = new NetVm(linux, 1, ~NetLayout.F_MRG_RXBUF);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            int length = 1600;
            for (int i = 0; i < 16; i++) {
                long at = vm.place(RX, length);
                assertThat(vm.driver(RX).begin(4)).isTrue();
                vm.driver(RX).writable(at, 1);
                vm.driver(RX).writable(at + 1, 10);
                vm.driver(RX).writable(at + 11, 100);
                vm.driver(RX).writable(at + 111, length - 111);
                vm.driver(RX).offer(at);
            }
            vm.publish(RX);
            byte[] frame = Frames.plain(1514, 1);
            host.send(frame);
            NetVm.Got got = vm.receive(RX, Frames.EXPERIMENTAL);
            assertThat(got.frame()).isEqualTo(frame);
            assertThat(got.buffers()).isOne();
        }
    }

    /** A driver of before virtio 1.0: ten bytes of header. */
    @Test
    void aLegacyDriverHasAShortHeader() {
        try (NetVm vm = new NetVm(linux, 1, ~(Feature.VERSION_1 | NetLayout.F_MRG_RXBUF));
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            byte[] frame = Frames.plain(99, 5);
            vm.send(TX, new byte[NetLayout.LEGACY_HEADER], frame, 4096);
            assertThat(withoutHeader(host.receive())).isEqualTo(frame);
        }
    }

    /** What a driver posts late is not lost: TCP would halve its pace for it. */
    @Test
    void aFrameWaitsForItsLastBuffers() throws InterruptedException {
        try (NetVm vm = new NetVm(linux, 1, ALL);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            vm.startPair(0);
            for (int posted : new int[] {3, 40, 1}) {
                vm.post(RX, posted, 1526);
                byte[] frame = Frames.tcp(LARGE);
                host.send(Frames.tcpHeader(HostEnd.HEADER), frame);
                Thread.sleep(30); // the daemon sleeps
                vm.post(RX, 20, 1526);
                Thread.sleep(30);
                vm.post(RX, 60, 1526);
                assertThat(vm.receive(RX, Frames.IPV4).frame()).isEqualTo(frame);
                byte[] next = Frames.tcp(1000);
                host.send(Frames.tcpHeader(HostEnd.HEADER), next);
                assertThat(vm.receive(RX, Frames.IPV4).frame()).isEqualTo(next);
            }
            assertThat(vm.counters(RX).drops(Drop.NO_BUFFER)).isZero();
        }
    }

    /** A driver that posts no more before it has got something gets what fits. */
    @Test
    void aFrameThatFindsNoMoreBuffersMakesWay() throws InterruptedException {
        try (NetVm vm = new NetVm(linux, 1, ALL);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            vm.startPair(0);
            vm.post(RX, 3, 1526);
            host.send(Frames.tcpHeader(HostEnd.HEADER), Frames.tcp(LARGE));
            Thread.sleep(50);
            byte[] small = Frames.tcp(1000);
            host.send(Frames.tcpHeader(HostEnd.HEADER), small);
            assertThat(vm.receive(RX, Frames.IPV4).frame()).isEqualTo(small);
            assertThat(vm.counters(RX).drops(Drop.NO_BUFFER)).isOne();
        }
    }

    /** A queue that stops forgets what waits, and gives the chains back. */
    @Test
    void aStoppedQueueForgetsWhatWaits() {
        try (NetVm vm = new NetVm(linux, 1, ALL);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            vm.startPair(0);
            vm.post(RX, 3, 1526);
            host.send(Frames.tcpHeader(HostEnd.HEADER), Frames.tcp(LARGE));
            NetVm.until(() -> vm.frontend.stopQueue(RX).availableIndex() == 0
                    && restarted(vm)
                    && vm.counters(RX).drops(Drop.NO_BUFFER) > 0);
            vm.post(RX, 60, 1526);
            byte[] frame = Frames.tcp(LARGE);
            host.send(Frames.tcpHeader(HostEnd.HEADER), frame);
            assertThat(vm.receive(RX, Frames.IPV4).frame()).isEqualTo(frame);
        }
    }

    private static boolean restarted(NetVm vm) {
        vm.start(RX);
        return true;
    }

    /** What is held is given back: the queue goes on where its driver stands, with the same buffers. */
    @Test
    void aStoppedQueueGivesItsBuffersBack() {
        try (NetVm vm = new NetVm(linux, 1, ALL);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            vm.post(RX, 100, 1526);
            for (int round = 0; round < 5; round++) {
                byte[] frame = Frames.plain(1000, round);
                host.send(frame);
                assertThat(vm.receive(RX, Frames.EXPERIMENTAL).frame()).isEqualTo(frame);
                int stands = vm.frontend.stopQueue(RX).availableIndex();
                while (vm.driver(RX).hasUsed()) {
                    vm.receive(RX);
                }
                assertThat(stands).isEqualTo(vm.driver(RX).usedIndex());
                vm.start(RX);
            }
        }
    }

    @Test
    void whatIsOfferedSaysWhatTheInterfaceIs() {
        try (NetVm vm = new NetVm(linux, 2, ALL)) {
            assertThat(Feature.has(
                            vm.offer.features(),
                            NetLayout.F_MQ | NetLayout.F_MAC | NetLayout.F_MTU | NetLayout.F_MRG_RXBUF))
                    .isTrue();
            assertThatThrownBy(() -> vm.frontend.config(0, NetLayout.CONFIG))
                    .as("a network card's configuration space is the front-end's")
                    .hasMessageContaining("not negotiated");
            assertThat(vm.offer.has(ProtocolFeature.CONFIGURE_MEM_SLOTS))
                    .as("regions one by one: QEMU before 8.0 sends each once per pair of queues")
                    .isFalse();
        }
    }

    static byte[] withoutHeader(byte[] frame) {
        return Arrays.copyOfRange(frame, HostEnd.HEADER, frame.length);
    }
}
