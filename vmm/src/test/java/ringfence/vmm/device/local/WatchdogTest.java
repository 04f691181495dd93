package ringfence.vmm.device.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.RamOptions;

/** A watchdog and its driver, whose patience is shorter here than in a machine. */
@Timeout(60)
class WatchdogTest {
    private static final long PATIENCE_MILLIS = 400;
    private static final long BUFFER = 0x10_0000;

    private final Linux linux = Linux.system();
    private final GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 2 << 20)), RamOptions.DEFAULT);
    private final AtomicInteger told = new AtomicInteger();
    private Watchdog watchdog;
    private DrivenQueue queue;

    @BeforeEach
    void start() {
        watchdog = new Watchdog(
                linux,
                "__watchdog",
                ram.table(),
                TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS),
                told::incrementAndGet);
        queue = new DrivenQueue(linux, watchdog, 0, ram.table(), 0x1000);
    }

    @AfterEach
    void end() {
        watchdog.close();
        queue.close();
        ram.close();
    }

    /** @return what the device has written of a buffer of eight bytes, and their first byte */
    private int[] ping(boolean writable) throws InterruptedException {
        ram.table().write(BUFFER, new byte[8]);
        queue.offer(BUFFER, 8, writable);
        int written = (int) queue.awaitUsed();
        byte[] bytes = new byte[8];
        ram.table().read(BUFFER, bytes);
        return new int[] {written, bytes[0]};
    }

    private void expectOneWithinTwoPatiences() throws InterruptedException {
        Thread.sleep(2 * PATIENCE_MILLIS);
        assertThat(told.get()).isEqualTo(1);
    }

    @Test
    void aGuestThatFallsSilentIsToldOfOnce() throws Exception {
        for (int i = 0; i < 10; i++) {
            assertThat(ping(true)).containsExactly(1, 1);
            Thread.sleep(PATIENCE_MILLIS / 4);
            assertThat(told.get()).as("while it pings").isZero();
        }
        expectOneWithinTwoPatiences();
        expectOneWithinTwoPatiences();
    }

    @Test
    void nobodyIsWaitedForBeforeHisFirstBuffer() throws Exception {
        Thread.sleep(2 * PATIENCE_MILLIS);
        assertThat(told.get()).isZero();
    }

    @Test
    void aGuestThatStandsStillIsNotWaitedForAndHasAllItsTimeAgain() throws Exception {
        ping(true);
        watchdog.standStill(true);
        Thread.sleep(2 * PATIENCE_MILLIS);
        assertThat(told.get()).isZero();
        watchdog.standStill(false);
        Thread.sleep(PATIENCE_MILLIS / 2);
        assertThat(told.get()).isZero();
        expectOneWithinTwoPatiences();
    }

    @Test
    void aDriverThatResetsTheDeviceIsNotWaitedFor() throws Exception {
        ping(true);
        watchdog.reset().toCompletableFuture().join();
        Thread.sleep(2 * PATIENCE_MILLIS);
        assertThat(told.get()).isZero();
    }

    @Test
    void aBufferThatCannotBeWrittenCountsAndComesBackEmpty() throws Exception {
        assertThat(ping(false)).containsExactly(0, 0);
        expectOneWithinTwoPatiences();
    }
}
