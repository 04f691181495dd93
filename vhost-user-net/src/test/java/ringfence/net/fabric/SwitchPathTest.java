package ringfence.net.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Linux;
import ringfence.net.Frames;
import ringfence.net.NetVm;
import ringfence.vhostuser.link.Workers;
import ringfence.virtio.queue.GuestDriver;

/**
 * The way of a frame through the switch: nothing is allocated, and a switch without traffic costs nothing. Prints what a
 * frame takes of the workers' time; {@code -Dringfence.switch.rounds=N} does so N times more.
 */
@Timeout(180)
class SwitchPathTest {
    private static final int RX = 0;
    private static final int TX = 1;
    private static final int DEPTH = 128;
    private static final int FRAMES = 300_000;
    private static final long BUFFERS = 4 << 20;
    private static final long COMPILED_NANOS = 60_000_000_000L;
    /** The smallest object has 16 bytes: one per frame would show; what is not compiled yet does not. */
    private static final double LESS_THAN_AN_OBJECT = 4;

    private static final String ONE = "switch";

    private final Linux linux = Linux.system();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private Switch fabric;
    private NetVm sender;
    private NetVm receiver;

    /** Threads that see a frame. */
    List<String> onTheWay() {
        return List.of(ONE);
    }

    /** All of them. */
    List<String> threads() {
        return List.of(ONE);
    }

    Workers workers() {
        return Workers.together(ONE);
    }

    @BeforeEach
    void start() {
        Workers workers = workers();
        fabric = Switch.open(
                linux,
                new SwitchOptions(1, Collections.nCopies(2, Optional.empty()), OptionalInt.empty()),
                Optional.empty(),
                7);
        sender = new NetVm(linux, fabric.port(0), -1, "out", workers);
        receiver = new NetVm(linux, fabric.port(1), -1, "in", workers);
        sender.startPair(0);
        receiver.startPair(0);
        receiver.post(RX, 250, 1526);
        receiver.send(TX, new byte[NetVm.HEADER], to(1, 255, 60), 4096); // the table knows it
    }

    @AfterEach
    void stop() {
        sender.close();
        receiver.close();
        fabric.close();
    }

    private static byte[] to(int from, int to, int length) {
        byte[] frame = Frames.plain(length, from);
        frame[0] = 2;
        for (int i = 1; i < 5; i++) {
            frame[i] = 0;
        }
        frame[5] = (byte) to;
        return frame;
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 1500})
    void aFrameAllocatesNothing(int length) {
        long at = sender.place(TX, 2048);
        sender.write(at, new byte[NetVm.HEADER]);
        sender.write(at + NetVm.HEADER, to(2, 1, length));
        drive(at, length);
        long deadline = System.nanoTime() + COMPILED_NANOS;
        double each;
        int rounds = Integer.getInteger("ringfence.switch.rounds", 0);
        do {
            long bytes = all(onTheWay(), threads::getThreadAllocatedBytes);
            long nanos = all(onTheWay(), threads::getThreadCpuTime);
            long begin = System.nanoTime();
            drive(at, length);
            each = (all(onTheWay(), threads::getThreadAllocatedBytes) - bytes) / (double) FRAMES;
            System.out.printf(
                    "switch, %d bytes: %.2f Mpps, a frame takes %.0f ns of %s, %.4f bytes allocated%n",
                    length,
                    FRAMES * 1e3 / (System.nanoTime() - begin),
                    (all(onTheWay(), threads::getThreadCpuTime) - nanos) / (double) FRAMES,
                    onTheWay(),
                    each);
        } while ((rounds-- > 0 || each >= LESS_THAN_AN_OBJECT) && System.nanoTime() < deadline);
        assertThat(each).isLessThan(LESS_THAN_AN_OBJECT);
    }

    private static long all(List<String> workers, LongUnaryOperator figure) {
        return workers.stream().mapToLong(SwitchPathTest::id).map(figure).sum();
    }

    /** So many frames through the switch, each received before the window moves on. */
    private void drive(long at, int length) {
        GuestDriver out = sender.driver(TX);
        GuestDriver in = receiver.driver(RX);
        int offered = 0;
        int got = 0;
        int posted = 0;
        while (got < FRAMES) {
            while (offered - got < DEPTH && offered < FRAMES && out.begin(1)) {
                out.readable(at, NetVm.HEADER + length);
                out.offer(0);
                offered++;
            }
            sender.publish(TX);
            while (out.reap() >= 0) {
                Thread.onSpinWait();
            }
            int fresh = 0;
            while (in.reap() >= 0) {
                got++;
                fresh++;
            }
            for (int i = 0; i < fresh && in.begin(1); i++) { // NetVm.post costs more than the way through the switch
                in.writable(BUFFERS + (long) (posted++ & 255) * 2048, 1526);
                in.offer(0);
            }
            if (fresh > 0) {
                receiver.publish(RX);
            } else {
                Thread.yield();
            }
        }
    }

    private static long id(String worker) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(worker))
                .findFirst()
                .orElseThrow()
                .threadId();
    }

    @Test
    void anIdleSwitchCostsNothing() throws Exception {
        sender.send(TX, new byte[NetVm.HEADER], to(2, 1, 60), 4096);
        assertThat(receiver.receive(RX).frame()).hasSize(60);
        Thread.sleep(100);
        long before = all(threads(), threads::getThreadCpuTime);
        Thread.sleep(1000);
        assertThat(all(threads(), threads::getThreadCpuTime) - before).isLessThan(TimeUnit.MILLISECONDS.toNanos(10));
    }
}
