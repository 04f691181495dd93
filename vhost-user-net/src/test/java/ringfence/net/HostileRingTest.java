package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringfence.linux.Linux;
import ringfence.virtio.queue.QueueConfig;

/**
 * Rings that break the rules of virtio 1.3, 2.7, under a network card: that queue stops and says so, all others go on, and
 * it works again once its driver has set it up anew. The rules themselves are the ring's own tests'.
 */
@Timeout(60)
class HostileRingTest {
    private static final int RX = 0;
    private static final int TX = 1;
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;
    private static final long BUFFER = 1 << 20;
    private static final long TABLE = (1 << 20) + (64 << 10);
    private static final long END = 16 << 20;

    /** A ring as a guest may write it, with buffers that fit its direction unless that is what is wrong. */
    private record RawRing(NetVm vm, QueueConfig place, int way) {
        void descriptor(int at, long address, long length, int flags, int next) {
            entry(place.descriptorTable() + 16L * at, address, length, flags, next);
        }

        void entry(long at, long address, long length, int flags, int next) {
            ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putLong(address).putInt((int) length).putShort((short) flags).putShort((short) next);
            vm.write(at, bytes.array());
        }

        /** These heads, and an index. */
        void available(int index, int... heads) {
            ByteBuffer ring = ByteBuffer.allocate(4 + 2 * heads.length).order(ByteOrder.LITTLE_ENDIAN);
            ring.putShort((short) 0).putShort((short) index);
            for (int head : heads) {
                ring.putShort((short) head);
            }
            vm.write(place.availableRing(), ring.array());
        }

        void offerFirst() {
            available(1, 0);
        }
    }

    private enum Wrong {
        OWN_NEXT(ring -> ring.descriptor(0, BUFFER, 64, NEXT | ring.way, 0)),
        LOOP_OF_TWO(ring -> {
            ring.descriptor(0, BUFFER, 64, NEXT | ring.way, 1);
            ring.descriptor(1, BUFFER, 64, NEXT | ring.way, 0);
        }),
        LOOP_IN_A_TABLE(ring -> {
            ring.descriptor(0, TABLE, 32, INDIRECT, 0);
            ring.entry(TABLE, BUFFER, 64, NEXT | ring.way, 1);
            ring.entry(TABLE + 16, BUFFER, 64, NEXT | ring.way, 0);
        }),
        NEXT_BEYOND_THE_TABLE(ring -> ring.descriptor(0, BUFFER, 64, NEXT | ring.way, NetVm.SIZE)),
        TABLE_IN_A_TABLE(ring -> {
            ring.descriptor(0, TABLE, 16, INDIRECT, 0);
            ring.entry(TABLE, TABLE, 16, INDIRECT, 0);
        }),
        TABLE_WITH_NEXT(ring -> ring.descriptor(0, TABLE, 16, INDIRECT | NEXT, 1)),
        TABLE_OF_NOTHING(ring -> ring.descriptor(0, TABLE, 0, INDIRECT, 0)),
        TABLE_OF_PART_OF_AN_ENTRY(ring -> ring.descriptor(0, TABLE, 17, INDIRECT, 0)),
        TABLE_BEYOND_MEMORY(ring -> ring.descriptor(0, END - 16, 32, INDIRECT, 0)),
        ADDRESS_THAT_WRAPS(ring -> ring.descriptor(0, -1, 64, ring.way, 0)),
        ADDRESS_OF_NO_MEMORY(ring -> ring.descriptor(0, 0xfee0_0000L, 64, ring.way, 0)),
        BUFFER_BEYOND_MEMORY(ring -> ring.descriptor(0, END - 63, 64, ring.way, 0)),
        FOUR_GIGABYTES(ring -> ring.descriptor(0, 0, 0xffff_ffffL, ring.way, 0)),
        READABLE_AFTER_WRITABLE(ring -> {
            ring.descriptor(0, BUFFER, 64, NEXT | WRITE, 1);
            ring.descriptor(1, BUFFER, 64, 0, 0);
        }),
        HEAD_BEYOND_THE_TABLE(ring -> ring.available(1, NetVm.SIZE), false),
        INDEX_TOO_FAR(ring -> ring.available(NetVm.SIZE + 1, 0), false),
        INDEX_JUMPS(ring -> ring.available(0x8000, 0), false),
        INDEX_GOES_BACK(ring -> ring.available(0xffff, 0), false);

        private final Consumer<RawRing> written;
        private final boolean offered;

        Wrong(Consumer<RawRing> written) {
            this(written, true);
        }

        Wrong(Consumer<RawRing> written, boolean offered) {
            this.written = written;
            this.offered = offered;
        }
    }

    private final Linux linux = Linux.system();

    @ParameterizedTest
    @EnumSource(Wrong.class)
    void aBrokenTransmitQueueIsOneOfMany(Wrong wrong) {
        breaks(TX, wrong);
    }

    @ParameterizedTest
    @EnumSource(Wrong.class)
    void aBrokenReceiveQueueIsOneOfMany(Wrong wrong) {
        breaks(RX, wrong);
    }

    private void breaks(int queue, Wrong wrong) {
        try (NetVm vm = new NetVm(linux, 2, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            for (int pair = 0; pair < 2; pair++) {
                vm.startPair(pair);
            }
            RawRing ring = new RawRing(vm, vm.config(queue), queue == RX ? WRITE : 0);
            wrong.written.accept(ring);
            if (wrong.offered) {
                ring.offerFirst();
            }
            vm.kick(queue);
            NetVm.until(() -> vm.hasBroken(queue));
            for (int other = 1; other < 4; other += 2) {
                if (other != queue) {
                    sends(vm, host, other);
                }
            }
            vm.frontend.stopQueue(queue);
            vm.startAnew(queue);
            sends(vm, host, TX);
            receives(vm, host);
            assertThat(vm.hasBroken(queue)).isFalse();
            assertThat(vm.backend.stats().drops()).as("connections").isZero();
        }
    }

    /** The same head twice while it is held, CVE-2026-45782: nothing is taken twice. */
    @Test
    void aBufferThatIsPostedTwiceBreaksItsQueue() {
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            RawRing ring = new RawRing(vm, vm.config(RX), WRITE);
            ring.descriptor(0, BUFFER, 256, WRITE, 0);
            ring.available(2, 0, 0);
            vm.kick(RX);
            host.send(Frames.plain(400, 1)); // needs more than one of them
            NetVm.until(() -> vm.hasBroken(RX));
            assertThat(vm.counters(RX).packets()).isZero();
            sends(vm, host, TX);
            vm.frontend.stopQueue(RX);
            vm.startAnew(RX);
            receives(vm, host);
        }
    }

    private static void sends(NetVm vm, HostEnd host, int queue) {
        byte[] frame = Frames.plain(90, queue);
        vm.send(queue, new byte[NetVm.HEADER], frame, 4096);
        assertThat(NetDeviceTest.withoutHeader(host.receive())).isEqualTo(frame);
    }

    /** Whichever of the pairs the host chooses: all of them have buffers now. */
    private static void receives(NetVm vm, HostEnd host) {
        vm.post(RX, 100, 1526);
        if (vm.device.queueCount() > 2) {
            vm.post(2, 100, 1526);
        }
        byte[] frame = Frames.plain(700, 5);
        host.send(frame);
        NetVm.until(() -> vm.driver(RX).hasUsed()
                || vm.device.queueCount() > 2 && vm.driver(2).hasUsed());
        int queue = vm.driver(RX).hasUsed() ? RX : 2;
        assertThat(vm.receive(queue, Frames.EXPERIMENTAL).frame()).isEqualTo(frame);
    }
}
