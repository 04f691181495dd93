package ringfence.net.fabric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Linux;
import ringfence.net.Frames;
import ringfence.net.HostEnd;
import ringfence.net.NetVm;
import ringfence.net.backend.TapPorts;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.MacAddress;
import ringfence.net.engine.QueueCounters;
import ringfence.net.packet.Drop;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.Workers;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;

/** Guests on a switch, which one thread serves: each a driver on real rings, behind a device of its own. */
@Timeout(60)
class SwitchTest {
    private static final int RX = 0;
    private static final int TX = 1;
    private static final long ALL = -1;
    private static final long NO_OFFLOADS = ~(NetLayout.F_GUEST_CSUM
            | NetLayout.F_GUEST_TSO4
            | NetLayout.F_GUEST_TSO6
            | NetLayout.F_GUEST_USO4
            | NetLayout.F_GUEST_USO6);
    private static final int LARGE = 60 << 10;

    private final Linux linux = Linux.system();
    private final Workers workers = workers();
    private final List<AutoCloseable> open = new ArrayList<>();

    Workers workers() {
        return Workers.together("switch");
    }

    @AfterEach
    void closeAll() throws Exception {
        Collections.reverse(open);
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private Switch fabric(int pairs, List<Optional<MacAddress>> bound) {
        Switch made = Switch.open(linux, new SwitchOptions(pairs, bound, OptionalInt.of(1500)), Optional.empty(), 7);
        open.add(made);
        return made;
    }

    private Switch fabric(int guests) {
        return fabric(1, Collections.nCopies(guests, Optional.empty()));
    }

    private NetVm guest(Switch fabric, int port, long features) {
        NetVm vm = new NetVm(linux, fabric.port(port), features, "port" + port, workers);
        open.add(vm);
        vm.startPair(0);
        return vm;
    }

    private NetVm ready(Switch fabric, int port, long features) {
        NetVm vm = guest(fabric, port, features);
        vm.post(RX, 200, 1526);
        return vm;
    }

    /** A frame from one station to another; 255: to everybody. */
    private static byte[] frame(int from, int to, int length) {
        byte[] frame = Frames.plain(length, from);
        return addressed(frame, from, to);
    }

    private static byte[] addressed(byte[] frame, int from, int to) {
        for (int i = 0; i < 6; i++) {
            frame[i] = (byte) (to == 255 ? 255 : i == 0 ? 2 : i == 5 ? to : 0);
            frame[6 + i] = (byte) (i == 0 ? 2 : i == 5 ? from : 0);
        }
        return frame;
    }

    private static void send(NetVm vm, byte[] frame) {
        vm.send(TX, new byte[NetVm.HEADER], frame, 4096);
    }

    private static void silent(NetVm... guests) throws InterruptedException {
        Thread.sleep(50);
        for (NetVm guest : guests) {
            assertThat(guest.driver(RX).hasUsed()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1 << 20, 100, 7})
    void whatIsKnownGoesThereAndNowhereElse(int piece) throws Exception {
        Switch fabric = fabric(3);
        NetVm one = ready(fabric, 0, ALL);
        NetVm two = ready(fabric, 1, ALL);
        NetVm three = ready(fabric, 2, ALL);
        send(one, frame(1, 255, 60));
        assertThat(two.receive(RX).frame()).isEqualTo(frame(1, 255, 60));
        assertThat(three.receive(RX).frame()).isEqualTo(frame(1, 255, 60));
        send(two, frame(2, 1, 60));
        assertThat(one.receive(RX).frame()).isEqualTo(frame(2, 1, 60));
        for (int length = 14; length < 1514; length += 50) {
            byte[] frame = frame(1, 2, length);
            one.send(TX, new byte[NetVm.HEADER], frame, piece);
            NetVm.Got got = two.receive(RX);
            assertThat(got.frame()).isEqualTo(frame);
            assertThat(got.header()).isEqualTo(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0});
        }
        send(one, frame(1, 1, 60));
        silent(one, three);
        assertThat(one.counters(TX).drops(Drop.SAME_PORT)).isOne();
        assertThat(two.counters(RX).packets()).isEqualTo(31);
    }

    @Test
    void aLargeSegmentStaysWholeWhereItMay() {
        Switch fabric = fabric(2);
        NetVm one = ready(fabric, 0, ALL);
        NetVm two = ready(fabric, 1, ALL);
        byte[] frame = addressed(Frames.tcp(LARGE), 1, 255);
        one.send(TX, Frames.tcpHeader(NetVm.HEADER), frame, 4096);
        NetVm.Got got = two.receive(RX);
        assertThat(got.frame()).isEqualTo(frame);
        assertThat(got.header()[NetLayout.HEADER_GSO_TYPE]).isEqualTo((byte) NetLayout.GSO_TCPV4);
        assertThat(got.header()[NetLayout.HEADER_FLAGS]).isEqualTo((byte) NetLayout.NEEDS_CSUM);
        assertThat(got.buffers()).isEqualTo((NetVm.HEADER + frame.length + 1525) / 1526);
    }

    @Test
    void aLargeSegmentIsCutForAGuestThatTakesNone() {
        Switch fabric = fabric(3);
        NetVm one = ready(fabric, 0, ALL);
        NetVm plain = ready(fabric, 1, NO_OFFLOADS);
        NetVm able = ready(fabric, 2, ALL);
        byte[] frame = addressed(Frames.tcp(LARGE), 1, 255);
        one.send(TX, Frames.tcpHeader(NetVm.HEADER), frame, 4096);
        int payload = 0;
        while (payload < LARGE) {
            NetVm.Got got = plain.receive(RX);
            assertThat(got.header()[NetLayout.HEADER_GSO_TYPE]).isZero();
            assertThat(got.header()[NetLayout.HEADER_FLAGS]).isZero();
            assertThat(Arrays.copyOfRange(got.frame(), 54, got.frame().length))
                    .isEqualTo(Arrays.copyOfRange(frame, 54 + payload, 54 + payload + got.frame().length - 54));
            payload += got.frame().length - 54;
        }
        assertThat(payload).isEqualTo(LARGE);
        assertThat(able.receive(RX).frame()).isEqualTo(frame);
    }

    @Test
    void aChecksumIsCompletedForAGuestThatNeedsIt() {
        Switch fabric = fabric(2);
        NetVm one = ready(fabric, 0, ALL);
        NetVm plain = ready(fabric, 1, NO_OFFLOADS);
        byte[] header = Frames.tcpHeader(NetVm.HEADER);
        header[NetLayout.HEADER_GSO_TYPE] = 0;
        byte[] frame = addressed(Frames.tcp(100), 1, 255);
        frame[50] = 0;
        frame[51] = 0; // no pseudo header in it
        one.send(TX, header, frame, 4096);
        NetVm.Got got = plain.receive(RX);
        assertThat(got.header()[NetLayout.HEADER_FLAGS]).isZero();
        int sum = 0;
        for (int i = 34; i < frame.length; i += 2) {
            sum += word(got.frame(), i);
        }
        assertThat((sum & 0xffff) + (sum >>> 16)).isEqualTo(0xffff);
    }

    private static int word(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    @Test
    void oldAndNewDriversTalkToEachOther() {
        Switch fabric = fabric(2);
        NetVm old = ready(fabric, 0, ~(Feature.VERSION_1 | NetLayout.F_MRG_RXBUF));
        NetVm modern = ready(fabric, 1, ALL);
        byte[] out = frame(1, 255, 300);
        old.send(TX, new byte[NetLayout.LEGACY_HEADER], out, 4096);
        assertThat(modern.receive(RX).frame()).isEqualTo(out);
        byte[] back = frame(2, 1, 300);
        send(modern, back);
        NetVm.until(old.driver(RX)::hasUsed);
        assertThat(old.driver(RX).reap()).isNotNegative();
        assertThat(old.driver(RX).written()).isEqualTo(NetLayout.LEGACY_HEADER + 300);
        assertThat(old.read(old.driver(RX).cookie() + NetLayout.LEGACY_HEADER, 300))
                .isEqualTo(back);
    }

    /** Two stations talk while a third has posted nothing: its lane fills, and what no longer fits is dropped. */
    @Test
    void aPortThatDoesNotReceiveStopsNobody() {
        Switch fabric = fabric(3);
        NetVm one = ready(fabric, 0, ALL);
        NetVm two = ready(fabric, 1, ALL);
        NetVm stuck = guest(fabric, 2, ALL);
        int sent = 0;
        while (one.counters(TX).drops(Drop.PORT_BUSY) < 100) {
            send(one, frame(1, 255, 1500));
            assertThat(two.receive(RX).frame()).hasSize(1500);
            two.post(RX, 1, 1526);
            assertThat(++sent).isLessThan(2000);
        }
        assertThat(one.counters(TX).packets()).isEqualTo(sent);
        long begin = System.nanoTime();
        stuck.post(RX, 10, 1526);
        assertThat(stuck.receive(RX).frame()).isEqualTo(frame(1, 255, 1500));
        assertThat(System.nanoTime() - begin).as("traffic resumes").isLessThan(1_000_000_000L);
    }

    @Test
    void aPortWithoutAGuestTakesNothing() {
        Switch fabric = fabric(2);
        NetVm one = ready(fabric, 0, ALL);
        send(one, frame(1, 2, 60));
        assertThat(one.counters(TX).drops(Drop.PORT_DOWN)).isOne();
    }

    /** Who comes to a port that somebody has left gets neither his frames nor his addresses. */
    @Test
    void aSuccessorInheritsNothing() throws Exception {
        Switch fabric = fabric(3);
        NetVm one = ready(fabric, 0, ALL);
        NetVm three = ready(fabric, 2, ALL);
        NetVm two = guest(fabric, 1, ALL);
        send(two, frame(2, 255, 60));
        one.receive(RX);
        three.receive(RX);
        send(one, frame(1, 2, 60)); // waits in the lane
        two.close();
        open.remove(two);
        send(one, frame(1, 2, 61));
        assertThat(three.receive(RX).frame()).as("unknown now").hasSize(61);
        NetVm successor = ready(fabric, 1, ALL);
        silent(successor);
        send(one, frame(1, 2, 62));
        assertThat(successor.receive(RX).frame()).hasSize(62);
    }

    @Test
    void aBoundGuestUsesItsOwnAddressOnly() throws Exception {
        Switch fabric = fabric(
                1,
                List.of(
                        Optional.of(MacAddress.parse("--mac", "02:00:00:00:00:01")),
                        Optional.of(MacAddress.parse("--mac", "02:00:00:00:00:02"))));
        NetVm one = ready(fabric, 0, ALL);
        NetVm two = ready(fabric, 1, ALL);
        send(two, frame(1, 255, 60));
        silent(one);
        assertThat(two.counters(TX).drops(Drop.BAD_SOURCE)).isOne();
        send(one, frame(1, 2, 60));
        assertThat(two.receive(RX).frame()).hasSize(60);
        send(two, frame(2, 1, 60));
        assertThat(one.receive(RX).frame()).hasSize(60);
    }

    @Test
    void whatAGuestDoesAgainstTheRulesCostsItItsOwnFrames() {
        Switch fabric = fabric(2);
        NetVm one = ready(fabric, 0, ALL);
        NetVm two = ready(fabric, 1, NO_OFFLOADS);
        byte[] group = frame(1, 2, 60);
        group[6] = 3;
        dropped(one, new byte[NetVm.HEADER], group, Drop.BAD_SOURCE);
        byte[] nobody = frame(1, 2, 60);
        Arrays.fill(nobody, 6, 12, (byte) 0);
        dropped(one, new byte[NetVm.HEADER], nobody, Drop.BAD_SOURCE);
        dropped(one, new byte[NetVm.HEADER], new byte[13], Drop.MALFORMED_CHAIN);
        dropped(one, new byte[NetVm.HEADER], new byte[70_000], Drop.MALFORMED_CHAIN);
        byte[] unchecked = Frames.tcpHeader(NetVm.HEADER);
        unchecked[0] = 0;
        dropped(one, unchecked, addressed(Frames.tcp(4000), 1, 255), Drop.BAD_SEGMENTATION);
        one.send(TX, Frames.tcpHeader(NetVm.HEADER), frame(1, 255, 4000), 4096); // no TCP at all
        NetVm.until(() -> two.counters(RX).drops(Drop.BAD_SEGMENTATION) == 1);
        send(one, frame(1, 255, 70));
        assertThat(two.receive(RX).frame()).hasSize(70);
        assertThat(one.backend.stats().drops() + two.backend.stats().drops()).isZero();
    }

    private static void dropped(NetVm vm, byte[] header, byte[] frame, Drop reason) {
        long before = vm.counters(TX).drops(reason);
        vm.send(TX, header, frame, 4096);
        assertThat(vm.counters(TX).drops(reason)).isEqualTo(before + 1);
    }

    /** Chains that are no buffers come back, and no frame is lost for them. */
    @Test
    void badReceiveChainsAreHandedBack() {
        Switch fabric = fabric(2);
        NetVm one = ready(fabric, 0, ALL);
        NetVm two = guest(fabric, 1, ALL);
        two.driver(RX).begin(1);
        two.driver(RX).readable(two.place(RX, 1526), 1526);
        two.driver(RX).offer(1);
        two.driver(RX).begin(1);
        two.driver(RX).writable(two.place(RX, 12), 12);
        two.driver(RX).offer(2);
        two.post(RX, 1, 1526);
        send(one, frame(1, 255, 60));
        NetVm.until(() -> two.counters(RX).packets() == 1);
        assertThat(two.counters(RX).drops(Drop.MALFORMED_CHAIN)).isEqualTo(2);
    }

    /** What is sent to memory that is gone costs its owner the connection, on whatever thread that is noticed. */
    @Test
    void memoryThatShrinksIsItsOwnersLoss() {
        Switch fabric = fabric(3);
        NetVm shrunk = NetVm.ofMemoryThatShrinks(linux, fabric.port(0), "port0", workers);
        open.add(shrunk);
        shrunk.startPair(0);
        shrunk.post(RX, 50, 1526);
        NetVm one = ready(fabric, 1, ALL);
        NetVm two = ready(fabric, 2, ALL);
        send(shrunk, frame(9, 255, 60));
        one.receive(RX);
        two.receive(RX);
        send(one, frame(1, 9, 60));
        assertThat(shrunk.receive(RX).frame()).hasSize(60);
        shrunk.shrink();
        send(one, frame(1, 9, 61));
        NetVm.until(() -> shrunk.backend.stats().drops() == 1);
        for (int length = 60; length < 160; length++) {
            send(one, frame(1, 2, length));
            assertThat(two.receive(RX).frame()).hasSize(length);
            two.post(RX, 1, 1526);
        }
        assertThat(one.backend.stats().drops() + two.backend.stats().drops()).isZero();
    }

    @Test
    void severalPairsOfQueues() {
        Switch fabric = fabric(2, Collections.nCopies(2, Optional.empty()));
        NetVm one = ready(fabric, 0, ALL);
        NetVm two = ready(fabric, 1, ALL);
        one.startPair(1);
        one.send(3, new byte[NetVm.HEADER], frame(1, 255, 60), 4096);
        assertThat(two.receive(RX).frame()).as("its second pair does not run").hasSize(60);
        two.startPair(1);
        two.post(2, 10, 1526);
        one.send(3, new byte[NetVm.HEADER], frame(1, 255, 61), 4096);
        assertThat(two.receive(2).frame()).hasSize(61);
    }

    @Test
    void theUplinkIsAPort() {
        NetVm.assumeTaps(linux);
        TapPorts taps = TapPorts.open(linux, new TapSpec.Named(""), 1, OptionalInt.of(1500));
        NetVm.quiet(taps.name());
        QueueCounters counters = new QueueCounters(Counters.hidden(), "uplink", 0);
        Switch fabric = Switch.open(
                linux,
                new SwitchOptions(1, Collections.nCopies(2, Optional.empty()), OptionalInt.empty()),
                Optional.of(new Switch.UplinkTap(taps, counters)),
                7);
        open.add(fabric);
        HostEnd host = new HostEnd(linux, taps.name(), Frames.EXPERIMENTAL);
        open.add(host);
        HostEnd tcp = new HostEnd(linux, taps.name(), Frames.IPV4);
        open.add(tcp);
        NetVm one = ready(fabric, 0, ALL);
        NetVm two = ready(fabric, 1, NO_OFFLOADS);
        for (int length : new int[] {60, 1000, 1514}) {
            byte[] out = frame(1, 9, length);
            send(one, out);
            assertThat(withoutHeader(host.receive())).isEqualTo(out);
            byte[] back = frame(9, 1, length);
            host.send(back);
            assertThat(one.receive(RX, Frames.EXPERIMENTAL).frame()).isEqualTo(back);
        }
        byte[] large = addressed(Frames.tcp(LARGE), 1, 9);
        one.send(TX, Frames.tcpHeader(NetVm.HEADER), large, 4096);
        assertThat(withoutHeader(tcp.receive())).isEqualTo(large);
        tcp.send(Frames.tcpHeader(HostEnd.HEADER), addressed(Frames.tcp(LARGE), 9, 1));
        assertThat(one.receive(RX, Frames.IPV4).frame()).hasSize(54 + LARGE);
        send(two, frame(2, 9, 60));
        assertThat(withoutHeader(host.receive())).isEqualTo(frame(2, 9, 60));
        tcp.send(Frames.tcpHeader(HostEnd.HEADER), addressed(Frames.tcp(4000), 9, 2));
        assertThat(two.receive(RX, Frames.IPV4).frame()).as("cut").hasSize(54 + 1448);
        assertThat(counters.packets()).isGreaterThanOrEqualTo(5);
    }

    private static byte[] withoutHeader(byte[] frame) {
        return Arrays.copyOfRange(frame, HostEnd.HEADER, frame.length);
    }

    @Test
    void rangesAreChecked() {
        assertThatThrownBy(() -> new SwitchOptions(1, List.of(), OptionalInt.empty()))
                .hasMessageContaining("--socket-path");
        Optional<MacAddress> same = Optional.of(MacAddress.parse("--mac", "02:00:00:00:00:01"));
        assertThatThrownBy(() -> new SwitchOptions(1, List.of(same, same), OptionalInt.empty()))
                .hasMessageContaining("--mac");
    }
}
