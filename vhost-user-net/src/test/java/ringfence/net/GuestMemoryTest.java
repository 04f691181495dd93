package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.net.packet.Drop;
import ringfence.vhostuser.link.PeerException;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.DirtyLog;
import ringfence.virtio.queue.GuestDriver;

/** What a network card does to its guest's memory: it writes frames, and nothing else, nowhere else and at no other time. */
@Timeout(60)
class GuestMemoryTest {
    private static final int RX = 0;
    private static final int TX = 1;
    private static final int BUFFER = 1526;
    private static final byte POISON = 0x5a;

    private final Linux linux = Linux.system();

    private static byte[] poison(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, POISON);
        return bytes;
    }

    /** Virtio 1.3, 2.7.8.2: used.len is what was written, and behind it stands what stood there before. */
    @Test
    void nothingIsWrittenButTheFrameAndItsHeader() {
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            GuestDriver in = vm.driver(RX);
            for (int i = 0; i < 100; i++) {
                long at = vm.place(RX, BUFFER);
                vm.write(at, poison(BUFFER));
                in.begin(1);
                in.writable(at, BUFFER);
                in.offer(at);
                vm.publish(RX);
                byte[] frame = Frames.plain(60 + i, i);
                host.send(frame);
                NetVm.until(in::hasUsed);
                assertThat(in.reap()).isNotNegative();
                int end = NetVm.HEADER + frame.length;
                assertThat(in.written()).isEqualTo(end);
                byte[] all = vm.read(at, BUFFER);
                assertThat(Arrays.copyOfRange(all, NetVm.HEADER, end)).isEqualTo(frame);
                assertThat(Arrays.copyOfRange(all, end, BUFFER)).isEqualTo(poison(BUFFER - end));
            }
        }
    }

    /** Frames come all the time, the queue is stopped and started: once it is stopped, no byte of a buffer changes. */
    @Test
    void aStoppedQueueWritesNothing() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        try (NetVm vm = new NetVm(linux, 1, -1)) {
            Thread flood = Thread.ofPlatform().start(() -> {
                try (HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
                    byte[] frame = Frames.plain(1000, 1);
                    while (!over.get()) {
                        host.send(frame);
                    }
                }
            });
            try {
                vm.startPair(0);
                long frames = 0;
                for (int i = 0; i < 200; i++) {
                    long some = vm.counters(RX).packets() + 1;
                    vm.post(RX, 50, BUFFER);
                    NetVm.until(() -> vm.counters(RX).packets() >= some);
                    vm.frontend.stopQueue(RX);
                    frames = vm.counters(RX).packets();
                    byte[] before = vm.read(NetVm.BUFFERS, (int) NetVm.BUFFERS);
                    Thread.sleep(1);
                    assertThat(Arrays.equals(vm.read(NetVm.BUFFERS, (int) NetVm.BUFFERS), before))
                            .isTrue();
                    vm.startAnew(RX);
                }
                assertThat(frames).isGreaterThan(200);
            } finally {
                over.set(true);
                flood.join();
            }
        }
    }

    /** Another processor rewrites the header while it is read: the kernel never gets one that was not checked. */
    @Test
    void aHeaderIsReadOnce() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        try (NetVm vm = new NetVm(linux, 1, -1)) {
            vm.startPair(0);
            long at = vm.place(TX, 8192);
            byte[] good = Frames.tcpHeader(NetVm.HEADER);
            byte[] bad = good.clone();
            Frames.word(bad, NetLayout.HEADER_CSUM_START, 65_535);
            Frames.word(bad, NetLayout.HEADER_GSO_SIZE, 0);
            byte[] frame = Frames.tcp(4000);
            vm.write(at, good);
            vm.write(at + NetVm.HEADER, frame);
            Thread other = Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    vm.write(at, bad);
                    vm.write(at, good);
                }
            });
            GuestDriver out = vm.driver(TX);
            int sent = 0;
            try {
                long end = System.nanoTime() + 1_000_000_000L;
                while (System.nanoTime() < end) {
                    out.begin(1);
                    out.readable(at, NetVm.HEADER + frame.length);
                    out.offer(0);
                    vm.publish(TX);
                    NetVm.until(out::hasUsed);
                    assertThat(out.reap()).isNotNegative();
                    sent++;
                }
            } finally {
                over.set(true);
                other.join();
            }
            long bads =
                    vm.counters(TX).drops(Drop.BAD_CHECKSUM) + vm.counters(TX).drops(Drop.BAD_SEGMENTATION);
            System.out.printf("rewritten while read: %,d headers, %,d refused%n", sent, bads);
            assertThat(vm.counters(TX).drops(Drop.REFUSED)).as("by the kernel").isZero();
            assertThat(vm.counters(TX).packets() + bads).isEqualTo(sent);
            assertThat(bads).isBetween(1L, sent - 1L);
        }
    }

    /** Megabytes over the same page are a legal chain, and cost the daemon a descriptor each. */
    @Test
    void chainsOverTheSamePageAgainAndAgain() {
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            GuestDriver out = vm.driver(TX);
            GuestDriver in = vm.driver(RX);
            long page = vm.place(TX, 1 << 20);
            for (int i = 0; i < 100; i++) {
                out.begin(NetVm.SIZE);
                for (int j = 0; j < NetVm.SIZE; j++) {
                    out.readable(page, 1 << 20);
                }
                out.offer(0);
                vm.publish(TX);
                NetVm.until(out::hasUsed);
                assertThat(out.reap()).isNotNegative();
            }
            assertThat(vm.counters(TX).drops(Drop.MALFORMED_CHAIN)).isEqualTo(100);
            long at = vm.place(RX, 1 << 20);
            in.begin(NetVm.SIZE);
            for (int j = 0; j < NetVm.SIZE; j++) {
                in.writable(at, 1 << 20);
            }
            in.offer(at);
            vm.publish(RX);
            byte[] frame = Frames.plain(1000, 3);
            host.send(frame);
            assertThat(vm.receive(RX, Frames.EXPERIMENTAL).frame()).isEqualTo(frame);
        }
    }

    /** Migration: pages that a frame was written to are marked, and the ring's; those that were only read are not. */
    @Test
    void whatIsWrittenIsMarkedInTheDirtyLog() {
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            long bytes = DirtyLog.bytesFor(vm.memory().guestEnd());
            Fd file = linux.memory().memfd("log", bytes);
            linux.memory().seal(file, Seal.SHRINK);
            try (file;
                    Mapping bits = linux.memory().map(file, 0, bytes)) {
                vm.startPair(0);
                vm.frontend.log(file, bytes, 0);
                vm.frontend.features(vm.offer.features() | Feature.VHOST_LOG_ALL);
                long first = vm.place(RX, 0);
                vm.post(RX, 20, 4096);
                host.send(Frames.tcpHeader(HostEnd.HEADER), Frames.tcp(6000));
                NetVm.Got got = vm.receive(RX, Frames.IPV4);
                assertThat(got.buffers()).isEqualTo(2);
                vm.send(TX, new byte[NetVm.HEADER], Frames.plain(500, 2), 4096);
                assertThat(marked(bits))
                        .containsExactlyElementsOf(LongStream.of(
                                        vm.config(RX).usedRing(), vm.config(TX).usedRing(), first, first + 4096)
                                .mapToObj(address -> address / DirtyLog.PAGE)
                                .sorted()
                                .toList());
            }
            assertThat(vm.backend.stats().drops()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"1, dirty log of 511 bytes", "8, the dirty log is too short"})
    void aDirtyLogThatIsTooShortIsRefused(int missing, String reason) throws Exception {
        try (NetVm vm = new NetVm(linux, 1, -1)) {
            long bytes = DirtyLog.bytesFor(vm.memory().guestEnd()) - missing;
            try (Fd file = linux.memory().memfd("log", bytes)) {
                linux.memory().seal(file, Seal.SHRINK);
                vm.startPair(0);
                assertThatThrownBy(() -> {
                            vm.frontend.log(file, bytes, 0);
                            vm.frontend.features(vm.offer.features() | Feature.VHOST_LOG_ALL);
                        })
                        .isInstanceOf(PeerException.class);
                vm.backend.await();
                assertThat(vm.backend.stats().lastDrop()).contains(reason);
            }
        }
    }

    private static List<Long> marked(Mapping bits) {
        return IntStream.range(0, (int) bits.size() * 8)
                .filter(page -> (bits.segment().get(ValueLayout.JAVA_BYTE, page / 8) >> page % 8 & 1) != 0)
                .mapToObj(page -> (long) page)
                .toList();
    }
}
