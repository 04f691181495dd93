package ringfence.vmm.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.virtio.queue.GuestDriver;
import ringfence.vmm.bus.Deadlines;

/** PCI Local Bus 3.0, 6.8.2 and 6.8.3: masks, pending bits, and what it costs in routes. */
@Timeout(60)
class MsixTest {
    private static final long VERSION_1 = 1L << 32;

    private final BlockingQueue<Integer> interrupts = new LinkedBlockingQueue<>();
    private final TestMachine machine = new TestMachine(new Deadlines(), (address, data) -> interrupts.add(data));
    private final FakeDevice device = new FakeDevice(3);
    private final VirtioPciFunction function = machine.add(device);
    private final TestDriver driver = new TestDriver(machine, 1);

    MsixTest() {
        driver.negotiate(VERSION_1);
        driver.msixControl(0xC000);
        for (int i = 0; i < 4; i++) {
            driver.message(i, 0xFEE0_1000L, 40 + i);
            driver.mask(i, false);
        }
        for (int i = 0; i < 3; i++) {
            // queues 1 and 2 share a vector
            driver.enableQueue(i, GuestDriver.place(0x1000, 16, false, false), Math.min(i + 1, 2));
        }
        driver.ready();
    }

    @AfterEach
    void closes() {
        machine.segment.remove(1);
        function.close();
        machine.close();
    }

    private void call(int queue) {
        device.events[queue].call().signal();
    }

    private Integer next() throws InterruptedException {
        return interrupts.poll(5, TimeUnit.SECONDS);
    }

    private void nothing() throws InterruptedException {
        assertThat(interrupts.poll(30, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    void commitsAllRoutesOfAChangeSetAtOnce() {
        assertThat(machine.router.commits()).as("all is masked").isZero();
        driver.msixControl(0x8000);
        assertThat(machine.router.commits()).isEqualTo(1);
        driver.msixControl(0xC000);
        driver.msixControl(0x8000);
        driver.mask(1, true);
        driver.mask(1, false);
        assertThat(machine.router.commits()).as("no route has changed").isEqualTo(1);
        driver.mask(1, true);
        driver.message(1, 0xFEE0_2000L, 77);
        assertThat(machine.router.commits()).isEqualTo(1);
        driver.mask(1, false);
        assertThat(machine.router.commits()).isEqualTo(2);
    }

    @Test
    void keepsWhatComesWhileAVectorIsMaskedAsPending() throws InterruptedException {
        driver.msixControl(0x8000);
        driver.mask(1, true);
        assertThat(driver.isPending(1)).isFalse();
        call(0);
        call(0);
        nothing();
        assertThat(driver.isPending(1)).isTrue();
        assertThat(driver.isPending(2)).isFalse();
        driver.mask(1, false);
        assertThat(next()).isEqualTo(41);
        assertThat(driver.isPending(1)).isFalse();
        nothing();
        driver.mask(1, true);
        driver.mask(1, false);
        nothing();
    }

    @Test
    void deliversTheMessageThatHoldsAtUnmask() throws InterruptedException {
        driver.msixControl(0x8000);
        driver.mask(1, true);
        call(0);
        driver.message(1, 0xFEE0_2000L, 99);
        driver.mask(1, false);
        assertThat(next()).isEqualTo(99);
        call(0);
        assertThat(next()).isEqualTo(99);
    }

    @Test
    void holdsAllBackWhileTheFunctionIsMasked() throws InterruptedException {
        call(0);
        call(1);
        nothing();
        assertThat(machine.read(driver.pba, 8)).isEqualTo(0b0110);
        driver.msixControl(0x8000);
        assertThat(next() + next()).isEqualTo(41 + 42);
        nothing();
    }

    @Test
    void raisesASharedVectorForEitherOfItsQueuesAndOnceIfBothArePending() throws InterruptedException {
        driver.msixControl(0x8000);
        call(1);
        assertThat(next()).isEqualTo(42);
        call(2);
        assertThat(next()).isEqualTo(42);
        driver.mask(2, true);
        call(1);
        call(2);
        driver.mask(2, false);
        assertThat(next()).isEqualTo(42);
        nothing();
    }

    /** A message that is no interrupt must not reach KVM's routes, where it could break those of others. */
    @Test
    void doesNotRouteAMessageThatIsNoInterrupt() throws InterruptedException {
        driver.msixControl(0x8000);
        int commits = machine.router.commits();
        for (long address : new long[] {0, 0x1000, 0xFED0_0000L, 0xFEF0_0000L, 0x1_FEE0_0000L, -1L}) {
            driver.mask(1, true);
            driver.message(1, address, 5);
            driver.mask(1, false);
            call(0);
            nothing();
        }
        assertThat(machine.router.commits()).isEqualTo(commits);
        assertThat(driver.isPending(1)).isTrue();
        driver.mask(1, true);
        driver.message(1, 0xFEE0_0000L, 6);
        driver.mask(1, false);
        assertThat(next()).isEqualTo(6);
    }

    @Test
    void answersOnlyAlignedWordsAndIgnoresTheRest() {
        driver.msixControl(0xC000);
        long entry = driver.table + 16;
        machine.write(entry, 8, 0x0000_0000_FEE0_3003L);
        assertThat(machine.read(entry, 8)).as("bits 0 and 1 are zero").isEqualTo(0xFEE0_3000L);
        machine.write(entry + 8, 8, 0xFFFF_FFFE_0000_0055L);
        assertThat(machine.read(entry + 8, 8)).as("one mask bit").isEqualTo(0x55);
        machine.write(entry + 1, 1, 0);
        machine.write(entry + 2, 2, 0);
        machine.write(entry + 4, 8, 0);
        assertThat(machine.read(entry, 4)).isEqualTo(0xFEE0_3000L);
        assertThat(machine.read(entry + 2, 4)).isEqualTo(0xFFFF_FFFFL);
        machine.write(driver.table + 16 * 4, 4, 0xFEE0_0000L);
        assertThat(machine.read(driver.table + 16 * 4, 4))
                .as("beyond the last vector")
                .isZero();
        machine.write(driver.pba, 4, -1);
        assertThat(machine.read(driver.pba, 4)).isZero();
    }

    @Test
    void forgetsAtResetWhatWasPending() throws InterruptedException {
        call(0);
        assertThat(driver.isPending(1)).isTrue();
        driver.negotiate(VERSION_1);
        assertThat(driver.isPending(1)).isFalse();
        driver.common(22, 2, 0);
        driver.common(26, 2, 1);
        driver.msixControl(0x8000);
        nothing();
    }

    /** The next boot is another VM, which knows no routes: a message like the one before must be routed anew. */
    @Test
    void routesTheSameMessageAnewAfterTheMachinesReset() {
        driver.msixControl(0x8000);
        int commits = machine.router.commits();
        function.reset().toCompletableFuture().join();
        TestDriver next = new TestDriver(machine, 1);
        next.negotiate(VERSION_1);
        next.message(1, 0xFEE0_1000L, 41);
        next.mask(1, false);
        next.enableQueue(0, GuestDriver.place(0x1000, 16, false, false), 1);
        next.ready();
        next.msixControl(0x8000);
        assertThat(machine.router.commits()).isEqualTo(commits + 1);
    }
}
