package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.limit.Rate;
import ringfence.linux.Linux;
import ringfence.net.engine.DeviceLimits;
import ringfence.net.engine.Limits;
import ringfence.net.fabric.Switch;
import ringfence.net.fabric.SwitchOptions;
import ringfence.virtio.queue.GuestDriver;

/** Limits of a device, on real queues: from one guest to another across the switch. */
@Timeout(60)
class LimitsTest {
    private static final int RX = 0;
    private static final int TX = 1;
    private static final int LENGTH = 1000;

    private final Linux linux = Linux.system();
    private final DeviceLimits sending = DeviceLimits.of(linux);
    private final DeviceLimits receiving = DeviceLimits.of(linux);
    private Switch fabric;
    private NetVm sender;
    private NetVm receiver;

    @BeforeEach
    void start() {
        fabric = Switch.open(
                linux,
                new SwitchOptions(1, Collections.nCopies(2, Optional.empty()), OptionalInt.empty()),
                Optional.empty(),
                7);
        sender = new NetVm(linux, fabric.port(0), -1, "out", Optional.of(sending));
        receiver = new NetVm(linux, fabric.port(1), -1, "in", Optional.of(receiving));
        sender.startPair(0);
        receiver.startPair(0);
        receiver.post(RX, 250, 1526);
    }

    @AfterEach
    void stop() {
        sender.close();
        receiver.close();
        fabric.close();
    }

    /** Offers frames without waiting for their turn. */
    private void offer(int frames) {
        GuestDriver out = sender.driver(TX);
        byte[] all = new byte[NetVm.HEADER + LENGTH];
        System.arraycopy(Frames.plain(LENGTH, 1), 0, all, NetVm.HEADER, LENGTH);
        long at = sender.place(TX, all.length);
        sender.write(at, all);
        for (int i = 0; i < frames; i++) {
            assertThat(out.begin(1)).isTrue();
            out.readable(at, all.length);
            out.offer(0);
        }
        sender.publish(TX);
    }

    /** How long it takes until so many have arrived, ms. */
    private long arrive(int frames) {
        return arrive(frames, System.nanoTime());
    }

    /** The same since that time: for what may not take less, for some have arrived before the last is offered. */
    private long arrive(int frames, long begin) {
        NetVm.until(() -> receiver.counters(RX).packets() >= frames);
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    /** 50 at once, then 500 a second: 150 take 0.2 s. Nothing is lost, and who waits sleeps. */
    @ParameterizedTest
    @CsvSource({
        "true, 'ops_size=50,ops_refill_time=100'",
        "false, 'ops_size=50,ops_refill_time=100'",
        "true, 'bw_size=50000,bw_refill_time=100'",
        "false, 'bw_size=50000,bw_refill_time=100,ops_size=1M,ops_refill_time=100'",
    })
    void aDirectionKeepsToItsLimit(boolean ofSender, String limits) {
        (ofSender ? sending.fromGuest() : receiving.toGuest()).set(Limits.parse(limits));
        long before = cpu();
        long begin = System.nanoTime();
        offer(150);
        assertThat(arrive(150, begin)).isBetween(180L, 1500L);
        assertThat(TimeUnit.NANOSECONDS.toMillis(cpu() - before))
                .as("CPU of a worker, ms")
                .isLessThan(150);
        assertThat(receiver.counters(RX).packets()).isEqualTo(150);
    }

    private static long cpu() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread ->
                        thread.getName().equals("out/q1") || thread.getName().equals("in/q0"))
                .mapToLong(thread -> threads.getThreadCpuTime(thread.threadId()))
                .sum();
    }

    @Test
    void theOtherDirectionIsNotLimited() {
        sending.toGuest().set(Limits.parse("ops_size=1,ops_refill_time=3600000"));
        receiving.fromGuest().set(Limits.parse("ops_size=1,ops_refill_time=3600000"));
        offer(200);
        assertThat(arrive(200)).isLessThan(1000);
    }

    @Test
    void aBurstPassesAtOnce() {
        sending.fromGuest().set(Limits.parse("ops_size=1,ops_one_time_burst=99,ops_refill_time=3600000"));
        offer(200);
        assertThat(arrive(100)).isLessThan(1000);
        assertThat(receiver.counters(RX).packets()).isEqualTo(100);
    }

    /** An hour to wait, and then the limit is another one. */
    @Test
    void limitsChangeWhileTheyBlock() throws Exception {
        sending.fromGuest().set(Limits.parse("ops_size=10,ops_refill_time=3600000"));
        offer(200);
        arrive(10);
        Thread.sleep(50);
        assertThat(receiver.counters(RX).packets()).isEqualTo(10);
        sending.fromGuest().set(Limits.NONE);
        assertThat(arrive(200)).isLessThan(2000);
    }

    @Test
    void aBlockedQueueStops() {
        sending.fromGuest().set(Limits.parse("ops_size=1,ops_refill_time=3600000"));
        receiving.toGuest().set(Limits.parse("ops_size=1,ops_refill_time=3600000"));
        offer(100);
        arrive(1);
        assertThat(sender.frontend.stopQueue(TX).availableIndex()).isOne();
        receiver.frontend.stopQueue(RX);
    }

    @Test
    void theSyntaxIsCloudHypervisors() {
        assertThat(Limits.parse("bw_size=1M,bw_one_time_burst=2K,bw_refill_time=100,ops_size=9,ops_refill_time=1000"))
                .isEqualTo(new Limits(Optional.of(new Rate(1 << 20, 2048, 100)), Optional.of(new Rate(9, 0, 1000))));
        assertThatThrownBy(() -> Limits.parse("bw_size=1")).hasMessageContaining("bw_refill_time: is missing");
        assertThatThrownBy(() -> Limits.parse("ops_size=0,ops_refill_time=1")).hasMessageContaining("ops_size is 1 to");
        assertThatThrownBy(() -> Limits.parse("bw_sizes=1")).hasMessageContaining("bw_size");
    }
}
