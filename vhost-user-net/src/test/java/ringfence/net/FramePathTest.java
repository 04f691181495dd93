package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Linux;
import ringfence.virtio.queue.GuestDriver;

/** No frame allocates, and a card without traffic costs nothing. */
@Timeout(180)
class FramePathTest {
    private static final int RX = 0;
    private static final int TX = 1;
    private static final int DEPTH = 32;
    private static final int WARM = 20_000;
    private static final int MEASURED = 40_000;
    private static final long COMPILED_NANOS = 60_000_000_000L;

    private final Linux linux = Linux.system();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** The smallest object has 16 bytes: one per frame would show; what is not compiled yet does not. */
    private static final double LESS_THAN_AN_OBJECT = 4;

    @Test
    void aFrameFromTheGuestAllocatesNothing() {
        try (NetVm vm = new NetVm(linux, 1, -1)) {
            vm.startPair(0);
            long at = vm.place(TX, 2048);
            vm.write(at, new byte[NetVm.HEADER]);
            vm.write(at + NetVm.HEADER, Frames.plain(1000, 1));
            transmit(vm, at, WARM);
            double each = perFrame("net/pair0", () -> transmit(vm, at, MEASURED), "from the guest");
            assertThat(each).isLessThan(LESS_THAN_AN_OBJECT);
            assertThat(vm.counters(TX).packets()).isGreaterThanOrEqualTo(WARM + MEASURED);
        }
    }

    private static void transmit(NetVm vm, long at, int frames) {
        GuestDriver driver = vm.driver(TX);
        int offered = 0;
        int done = 0;
        while (done < frames) {
            while (offered - done < DEPTH && offered < frames && driver.begin(1)) {
                driver.readable(at, NetVm.HEADER + 1000);
                driver.offer(0);
                offered++;
            }
            vm.publish(TX);
            while (driver.reap() >= 0) {
                done++;
            }
        }
    }

    @Test
    void aFrameForTheGuestAllocatesNothing() {
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            vm.post(RX, 200, 1526);
            byte[] frame = Frames.plain(1000, 1);
            receive(vm, host, frame, WARM);
            double each = perFrame("net/pair0", () -> receive(vm, host, frame, MEASURED), "for the guest");
            assertThat(each).isLessThan(LESS_THAN_AN_OBJECT);
        }
    }

    private static void receive(NetVm vm, HostEnd host, byte[] frame, int frames) {
        GuestDriver driver = vm.driver(RX);
        int sent = 0;
        int got = 0;
        while (got < frames) {
            for (; sent - got < DEPTH && sent < frames; sent++) {
                host.send(frame);
            }
            int fresh = 0;
            while (driver.reap() >= 0) {
                got++;
                fresh++;
            }
            if (fresh > 0) {
                vm.post(RX, fresh, 1526);
            }
        }
    }

    /**
     * Bytes per frame, at best; asked again until there are hardly any, or until the C2 compiler has had all the time that
     * it may need: before it, the JDK's own stub of a native call makes an object per call.
     */
    private double perFrame(String worker, Runnable work, String what) {
        long id = id(worker);
        long deadline = System.nanoTime() + COMPILED_NANOS;
        double each;
        do {
            long before = threads.getThreadAllocatedBytes(id);
            long cpu = threads.getThreadCpuTime(id);
            work.run();
            each = (threads.getThreadAllocatedBytes(id) - before) / (double) MEASURED;
            System.out.printf(
                    "a frame %s: %.0f ns of the worker's CPU, %.4f bytes allocated%n",
                    what, (threads.getThreadCpuTime(id) - cpu) / (double) MEASURED, each);
        } while (each >= LESS_THAN_AN_OBJECT && System.nanoTime() < deadline);
        return each;
    }

    private static long id(String worker) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(worker))
                .findFirst()
                .orElseThrow()
                .threadId();
    }

    /** Its worker sleeps: less than 1 % of a core. */
    @Test
    void anIdleCardCostsNothing() throws Exception {
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            vm.post(RX, 100, 1526);
            vm.send(TX, new byte[NetVm.HEADER], Frames.plain(80, 9), 4096);
            host.send(Frames.plain(60, 1));
            vm.receive(RX, Frames.EXPERIMENTAL);
            Thread.sleep(100);
            long before = threads.getThreadCpuTime(id("net/pair0"));
            Thread.sleep(1000);
            long spent = threads.getThreadCpuTime(id("net/pair0")) - before;
            assertThat(spent).isLessThan(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }
}
