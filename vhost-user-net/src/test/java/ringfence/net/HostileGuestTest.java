package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Interfaces;
import ringfence.linux.Linux;
import ringfence.net.packet.Drop;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.GuestDriver;

/** What a guest does against the rules costs it its own frames, and nothing else. */
@Timeout(60)
class HostileGuestTest {
    private static final int RX = 0;
    private static final int TX = 1;

    private final Linux linux = Linux.system();

    private interface Change {
        void to(byte[] header);
    }

    private static byte[] header(Change change) {
        byte[] header = Frames.tcpHeader(NetVm.HEADER);
        change.to(header);
        return header;
    }

    @Test
    void headersThatMakeNoSenseAreCounted() {
        try (NetVm vm = new NetVm(linux, 1, ~NetLayout.F_HOST_TSO6);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            byte[] frame = Frames.tcp(4000);
            drop(vm, header(h -> Frames.word(h, NetLayout.HEADER_CSUM_START, 65_535)), frame, Drop.BAD_CHECKSUM);
            drop(vm, header(h -> Frames.word(h, NetLayout.HEADER_CSUM_OFFSET, 5000)), frame, Drop.BAD_CHECKSUM);
            drop(vm, header(h -> Frames.word(h, NetLayout.HEADER_GSO_SIZE, 0)), frame, Drop.BAD_SEGMENTATION);
            drop(vm, header(h -> Frames.word(h, NetLayout.HEADER_HDR_LEN, 9999)), frame, Drop.BAD_SEGMENTATION);
            drop(vm, header(h -> h[1] = NetLayout.GSO_TCPV6), frame, Drop.BAD_SEGMENTATION);
            drop(vm, header(h -> h[1] = 3), frame, Drop.BAD_SEGMENTATION);
            drop(vm, header(h -> h[1] = (byte) 0xff), frame, Drop.BAD_SEGMENTATION);
            new Interfaces(linux).up(vm.tap(), false);
            drop(vm, new byte[NetVm.HEADER], frame, Drop.REFUSED);
            new Interfaces(linux).up(vm.tap(), true);
            drop(vm, new byte[NetVm.HEADER], new byte[13], Drop.MALFORMED_CHAIN);
            drop(vm, new byte[3], new byte[0], Drop.MALFORMED_CHAIN);
            drop(vm, new byte[NetVm.HEADER], new byte[70_000], Drop.MALFORMED_CHAIN);
            assertThat(vm.counters(TX).packets()).isZero();
            works(vm, host);
        }
    }

    private static void drop(NetVm vm, byte[] header, byte[] frame, Drop reason) {
        long before = vm.counters(TX).drops(reason);
        vm.send(TX, header, frame, 4096);
        NetVm.until(() -> vm.counters(TX).drops(reason) == before + 1);
    }

    private static void works(NetVm vm, HostEnd host) {
        byte[] frame = Frames.plain(80, 9);
        vm.send(TX, new byte[NetVm.HEADER], frame, 4096);
        assertThat(NetDeviceTest.withoutHeader(host.receive())).isEqualTo(frame);
        assertThat(vm.backend.stats().drops()).isZero();
    }

    @Test
    void chainsOfTheWrongDirectionAreHandedBack() {
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            GuestDriver out = vm.driver(TX);
            out.begin(2);
            out.readable(vm.place(TX, 100), 100);
            out.writable(vm.place(TX, 100), 100);
            out.offer(0);
            vm.publish(TX);
            NetVm.until(out::hasUsed);
            assertThat(out.reap()).isNotNegative();
            assertThat(vm.counters(TX).drops(Drop.MALFORMED_CHAIN)).isOne();

            GuestDriver in = vm.driver(RX);
            in.begin(1);
            in.readable(vm.place(RX, 1526), 1526);
            in.offer(1);
            in.begin(1);
            in.writable(vm.place(RX, 12), 12);
            in.offer(2);
            vm.publish(RX);
            NetVm.until(() -> vm.counters(RX).drops(Drop.MALFORMED_CHAIN) == 2);
            assertThat(in.reap()).isNotNegative();
            assertThat(in.reap()).isNotNegative();
            assertThat(in.written()).isZero();
            vm.post(RX, 50, 1526);
            byte[] frame = Frames.plain(200, 1);
            host.send(frame);
            assertThat(vm.receive(RX, Frames.EXPERIMENTAL).frame()).isEqualTo(frame);
            works(vm, host);
        }
    }

    /** A bad chain between good ones comes back in its turn, and no frame is lost for it. */
    @Test
    void aBadChainAmongGoodOnesComesBackInItsTurn() {
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            GuestDriver in = vm.driver(RX);
            for (int i = 0; i < 60; i++) {
                in.begin(1);
                if (i % 3 == 1) {
                    in.readable(vm.place(RX, 1526), 1526);
                    in.offer(0);
                } else {
                    long at = vm.place(RX, 1526);
                    in.writable(at, 1526);
                    in.offer(at);
                }
            }
            vm.publish(RX);
            int wanted = 20;
            for (int i = 0; i < wanted; i++) {
                byte[] frame = Frames.plain(100, i);
                host.send(frame);
                byte[] got = null;
                while (got == null) {
                    NetVm.until(in::hasUsed);
                    assertThat(in.reap()).isNotNegative();
                    byte[] bytes = vm.read(in.cookie() == 0 ? 64 : in.cookie(), (int) in.written());
                    boolean ours = bytes.length > 26 && bytes[24] == (byte) 0x88 && bytes[25] == (byte) 0xb5;
                    got = ours ? java.util.Arrays.copyOfRange(bytes, NetVm.HEADER, bytes.length) : null;
                }
                assertThat(got).isEqualTo(frame);
            }
        }
    }

    /** Random headers before random frames: whatever the kernel makes of them, the device goes on. */
    @Test
    void randomHeadersAndFrames() {
        Random random = new Random(4711);
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            for (int i = 0; i < 5000; i++) {
                byte[] header = new byte[NetVm.HEADER];
                random.nextBytes(header);
                header[1] &= (byte) 0x87;
                byte[] frame = random.nextBoolean() ? Frames.tcp(random.nextInt(3000)) : new byte[random.nextInt(3000)];
                vm.send(TX, header, frame, 1 + random.nextInt(1000) + frame.length / 100);
            }
            while (host.poll() != null) {
                assertThat(vm.counters(TX).packets()).isPositive();
            }
            works(vm, host);
        }
    }

    @Test
    void noDescriptorLeaks() throws Exception {
        life();
        long before = descriptors();
        for (int i = 0; i < 10; i++) {
            life();
        }
        assertThat(descriptors()).isEqualTo(before);
    }

    private void life() {
        try (NetVm vm = new NetVm(linux, 2, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            vm.startPair(1);
            vm.post(RX, 10, 1526);
            works(vm, host);
        }
    }

    private static long descriptors() throws Exception {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
