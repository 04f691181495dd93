package ringfence.vmm.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.virtio.queue.QueueConfig;
import ringfence.vmm.bus.Deadlines;

/** virtio 1.3, 2.1, 3.1 and 4.1, driven as a driver drives it: through ECAM and BAR 0. */
@Timeout(60)
class VirtioPciTest {
    private static final long VERSION_1 = 1L << 32;
    private static final long EVENT_IDX = 1L << 29;
    private static final int NONE = 0xFFFF;
    private static final QueueConfig PLACE = new QueueConfig(64, 0x1_0000_1000L, 0x2000, 0x3000, true, false);

    private final BlockingQueue<Integer> interrupts = new LinkedBlockingQueue<>();
    private final TestMachine machine =
            new TestMachine(new Deadlines(300_000_000, 100_000_000), (address, data) -> interrupts.add(data));
    private FakeDevice device = new FakeDevice(2);
    private VirtioPciFunction function;

    @AfterEach
    void closes() {
        machine.segment.remove(1);
        function.close();
        assertThat(machine.doorbells).isEmpty();
        assertThat(machine.router.assignments()).isZero();
        assertThat(machine.router.gsis()).isZero();
        assertThat(device.calls).endsWith("close");
        machine.close();
    }

    private TestDriver driver() {
        function = machine.add(device);
        return new TestDriver(machine, 1);
    }

    private TestDriver live() {
        TestDriver driver = driver();
        driver.negotiate(VERSION_1 | EVENT_IDX);
        driver.msixControl(0x8000);
        for (int i = 0; i < 3; i++) {
            driver.message(i, 0xFEE0_0000L, 100 + i);
            driver.mask(i, false);
        }
        driver.common(16, 2, 0);
        driver.enableQueue(0, PLACE, 1);
        driver.enableQueue(1, PLACE, 2);
        driver.ready();
        return driver;
    }

    private Integer nextInterrupt() throws InterruptedException {
        return interrupts.poll(5, TimeUnit.SECONDS);
    }

    @Test
    void isLaidOutAsCloudHypervisorsGuestsExpect() {
        TestDriver driver = driver();
        assertThat(machine.read(driver.config, 4)).isEqualTo(0x1042_1AF4L);
        assertThat(machine.read(driver.config + 8, 1)).as("modern").isEqualTo(1);
        assertThat(driver.structures)
                .containsEntry(TestDriver.COMMON, TestMachine.HIGH)
                .containsEntry(TestDriver.ISR, TestMachine.HIGH + 0x2000)
                .containsEntry(TestDriver.DEVICE, TestMachine.HIGH + 0x4000)
                .containsEntry(TestDriver.NOTIFY, TestMachine.HIGH + 0x6000)
                .containsKey(TestDriver.WINDOW);
        assertThat(driver.lengths).containsEntry(TestDriver.COMMON, 56L).containsEntry(TestDriver.DEVICE, 4096L);
        assertThat(driver.multiplier).isEqualTo(4);
        assertThat(driver.table).isEqualTo(TestMachine.HIGH + 0x8000);
        assertThat(driver.pba).isEqualTo(TestMachine.HIGH + 0x48000);
        assertThat(machine.read(driver.config + driver.msix + 2, 2) + 1)
                .as("queues + 1")
                .isEqualTo(3);
        assertThat(driver.common(18, 2)).as("num_queues").isEqualTo(2);
    }

    @Test
    void comesUpAsInSection311() {
        TestDriver driver = driver();
        assertThat(driver.offered()).as("without what the transport lacks").isEqualTo(device.features & ~(1L << 40));
        assertThat(driver.negotiate(VERSION_1 | EVENT_IDX)).isTrue();
        driver.common(22, 2, 1);
        assertThat(driver.common(24, 2)).as("the largest size first").isEqualTo(256);
        driver.enableQueue(1, PLACE, 2);
        assertThat(driver.common(26, 2)).isEqualTo(2);
        assertThat(driver.common(30, 2)).isEqualTo(1);
        driver.ready();
        assertThat(device.calls).containsExactly("reset", "acknowledge 120000000", "start 1");
        assertThat(device.started).containsExactly(PLACE);
        assertThat(driver.status()).isEqualTo(0xF);
    }

    /** What Cloud Hypervisor tells as activated and reset: the driver's doing, each once. */
    @Test
    void tellsWhenTheDriverMakesItRunAndWhenItResetsIt() {
        TestDriver driver = driver();
        List<String> told = new CopyOnWriteArrayList<>();
        function.listen(new DriverListener() {
            @Override
            public void activated() {
                told.add("activated");
            }

            @Override
            public void reset() {
                told.add("reset");
            }
        });
        driver.negotiate(VERSION_1); // resets what does not run yet
        driver.enableQueue(0, PLACE, 1);
        assertThat(told).isEmpty();
        driver.ready();
        assertThat(told).containsExactly("activated");
        driver.status(0);
        driver.status(0);
        assertThat(told).containsExactly("activated", "reset");
        driver.negotiate(VERSION_1);
        driver.enableQueue(0, PLACE, 1);
        driver.ready();
        function.reset().toCompletableFuture().join();
        driver.status(0);
        assertThat(told)
                .as("the machine's reset is none of the driver's")
                .containsExactly("activated", "reset", "activated");
    }

    @Test
    void kicksWithoutAnExitOnceTheQueueRuns() {
        TestDriver driver = live();
        assertThat(machine.doorbells).containsOnlyKeys(TestMachine.HIGH + 0x6000, TestMachine.HIGH + 0x6004);
        driver.kick(1);
        driver.kick(1);
        assertThat(device.events[1].kick().drain()).isEqualTo(2);
        assertThat(device.events[0].kick().drain()).isZero();
        machine.write(TestMachine.HIGH + 0x6004, 4, 1);
        assertThat(device.events[1].kick().drain())
                .as("another width exits, and kicks")
                .isEqualTo(1);
        machine.write(TestMachine.HIGH + 0x6008, 2, 2);
        machine.write(driver.config + 0x10, 4, 0x0080_0000L);
        assertThat(machine.doorbells)
                .as("they follow the BAR")
                .containsOnlyKeys(TestMachine.HIGH + 0x80_6000L, TestMachine.HIGH + 0x80_6004L);
    }

    @Test
    void refusesFeaturesThatWereNotOfferedOrLackVersion1() {
        TestDriver driver = driver();
        assertThat(driver.negotiate(EVENT_IDX)).as("no VERSION_1").isFalse();
        assertThat(driver.negotiate(VERSION_1 | 1L << 40)).as("not offered").isFalse();
        assertThat(driver.negotiate(VERSION_1 | 1L << 63)).isFalse();
        assertThat(device.calls).containsOnly("reset");
        driver.ready();
        assertThat(driver.status() & TestDriver.DRIVER_OK)
                .as("FEATURES_OK was skipped")
                .isZero();
        assertThat(driver.status() & TestDriver.NEEDS_RESET).isNotZero();
        assertThat(device.started).isEmpty();
        assertThat(driver.negotiate(VERSION_1)).as("a reset recovers it").isTrue();
        driver.take(0);
        driver.common(8, 4, 1);
        assertThat(driver.common(12, 4)).as("chosen for good").isEqualTo(1);
        assertThat(driver.status()).isEqualTo(0xB);
    }

    /** CVE-2026-5747: what a running queue was set up with must not be rewritten under it. */
    @Test
    void keepsQueueRegistersOnceTheDriverIsReady() {
        TestDriver driver = live();
        driver.common(22, 2, 0);
        for (int i = 0; i < 2; i++) {
            driver.common(24, 2, 8);
            driver.common(26, 2, 0);
            driver.common(28, 2, 0);
            driver.common(32, 4, 0xBAD0);
            driver.common(36, 4, 0xBAD0);
            driver.common(40, 8, 0xBAD0_0000_BAD0L);
            driver.common(52, 4, 0xBAD0);
            driver.common(16, 2, 2);
            driver.take(0);
        }
        assertThat(driver.common(24, 2)).isEqualTo(64);
        assertThat(driver.common(26, 2)).isEqualTo(1);
        assertThat(driver.common(28, 2)).isEqualTo(1);
        assertThat(driver.common(32, 8)).isEqualTo(0x1_0000_1000L);
        assertThat(driver.common(40, 4)).isEqualTo(0x2000);
        assertThat(driver.common(48, 8)).isEqualTo(0x3000);
        assertThat(driver.common(16, 2)).isZero();
        assertThat(device.started).hasSize(2);
    }

    @Test
    void takesNoSizeThatIsNotAPowerOfTwoUpToTheMaximum() {
        TestDriver driver = driver();
        driver.negotiate(VERSION_1);
        for (int size : new int[] {0, 3, 512, 65535, 32768}) {
            driver.common(24, 2, size);
            assertThat(driver.common(24, 2)).isEqualTo(256);
        }
        driver.common(24, 2, 1);
        assertThat(driver.common(24, 2)).isEqualTo(1);
        driver.common(22, 2, 2);
        assertThat(driver.common(24, 2)).as("no such queue").isZero();
        driver.common(28, 2, 1);
        driver.common(26, 2, 1);
        assertThat(driver.common(28, 2)).isZero();
    }

    @Test
    void mapsNoVectorThatIsNotThere() {
        TestDriver driver = driver();
        driver.negotiate(VERSION_1);
        assertThat(driver.common(16, 2)).isEqualTo(NONE);
        driver.common(16, 2, 2);
        assertThat(driver.common(16, 2)).isEqualTo(2);
        driver.common(16, 2, 3);
        assertThat(driver.common(16, 2)).isEqualTo(NONE);
    }

    @Test
    void raisesTheVectorOfTheQueue() throws InterruptedException {
        live();
        device.events[0].call().signal();
        assertThat(nextInterrupt()).isEqualTo(101);
        device.events[1].call().signal();
        assertThat(nextInterrupt()).isEqualTo(102);
    }

    /** Else a driver that writes what it wants to read would read what was there before. */
    @Test
    void aWriteOfTheConfigurationEndsWhenItCounts() throws InterruptedException {
        TestDriver driver = live();
        device.configWritten = new CompletableFuture<>();
        Thread vcpu =
                Thread.ofPlatform().start(() -> machine.write(driver.structures.get(TestDriver.DEVICE) + 8, 1, 1));
        vcpu.join(100);
        assertThat(vcpu.isAlive()).isTrue();
        device.configWritten.complete(null);
        vcpu.join(10_000);
        assertThat(vcpu.isAlive()).isFalse();
    }

    @Test
    void tellsOfAChangedConfigurationByGenerationInterruptAndIsr() throws InterruptedException {
        TestDriver driver = live();
        long generation = driver.common(21, 1);
        assertThat(machine.read(driver.structures.get(TestDriver.DEVICE) + 4, 4))
                .isEqualTo(0x1716_1514L);
        assertThat(driver.common(21, 1)).isEqualTo(generation);
        device.listener.configChanged();
        assertThat(nextInterrupt()).isEqualTo(100);
        assertThat(machine.read(driver.structures.get(TestDriver.DEVICE), 1)).isEqualTo(0x10);
        assertThat(driver.common(21, 1)).isNotEqualTo(generation);
        assertThat(machine.read(driver.structures.get(TestDriver.ISR), 1)).isEqualTo(2);
        assertThat(machine.read(driver.structures.get(TestDriver.ISR), 1))
                .as("read clears")
                .isZero();
        machine.write(driver.structures.get(TestDriver.DEVICE) + 8, 1, 1);
        machine.write(driver.structures.get(TestDriver.DEVICE) + 14, 4, 1);
        assertThat(device.calls).contains("config 8/1=1").doesNotContain("config 14/4=1");
        assertThat(machine.read(driver.structures.get(TestDriver.DEVICE) + 4092, 4))
                .isZero();
    }

    @Test
    void sendsNoConfigurationInterruptBeforeTheDriverIsReady() throws InterruptedException {
        TestDriver driver = driver();
        driver.negotiate(VERSION_1);
        device.listener.configChanged();
        assertThat(machine.read(driver.structures.get(TestDriver.ISR), 1)).isZero();
        assertThat(interrupts.poll(50, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    void asksForAResetWhenTheDeviceFailsToStart() throws InterruptedException {
        device.starting = CompletableFuture.failedFuture(new IllegalStateException("ring outside memory"));
        TestDriver driver = live();
        assertThat(driver.status()).isEqualTo(0x4F);
        assertThat(function.trouble()).contains("_disk0").contains("ring outside memory");
        assertThat(nextInterrupt()).isEqualTo(100);
        driver.status(0);
        assertThat(driver.status()).isZero();
        assertThat(function.trouble()).isEmpty();
    }

    @Test
    void waitsForTheStartNoLongerThanTheDeadline() {
        device.starting = new CompletableFuture<>();
        long start = System.nanoTime();
        TestDriver driver = live();
        assertThat(System.nanoTime() - start).isBetween(300_000_000L, 3_000_000_000L);
        assertThat(driver.status()).isEqualTo(0x4F);
        assertThat(function.trouble()).contains("did not start in 300 ms");
    }

    @Test
    void reads0OnlyWhenTheDeviceHasStopped() {
        TestDriver driver = live();
        machine.deadlines.booted();
        CompletableFuture<Void> stopping = new CompletableFuture<>();
        device.resetting = stopping;
        long start = System.nanoTime();
        driver.status(0);
        assertThat(System.nanoTime() - start).isBetween(100_000_000L, 2_000_000_000L);
        assertThat(driver.status()).as("a daemon may still write").isEqualTo(0x4F);
        driver.status(1);
        driver.take(7);
        driver.status(0);
        assertThat(device.calls.stream().filter("reset"::equals))
                .as("one reset at a time")
                .hasSize(2);
        stopping.complete(null);
        assertThat(driver.status()).isZero();
        assertThat(machine.doorbells).isEmpty();
        assertThat(machine.router.assignments()).isZero();
        device.resetting = CompletableFuture.completedFuture(null);
        assertThat(driver.negotiate(VERSION_1)).as("and it comes up again").isTrue();
    }

    @Test
    void doesNotShow0WhenItIsNotProvenThatTheDeviceHasStopped() {
        TestDriver driver = live();
        device.resetting = CompletableFuture.failedFuture(new IllegalStateException("still alive"));
        driver.status(0);
        assertThat(driver.status() & TestDriver.NEEDS_RESET).isNotZero();
        assertThat(function.trouble()).contains("still alive");
        device.resetting = CompletableFuture.completedFuture(null);
        driver.status(0);
        assertThat(driver.status()).isZero();
    }

    @Test
    void ignoresAFailureThatBelongsToATimeBeforeTheReset() {
        CompletableFuture<Void> late = new CompletableFuture<>();
        device.starting = late;
        TestDriver driver = live();
        driver.status(0);
        late.completeExceptionally(new IllegalStateException("too late"));
        assertThat(driver.status()).isZero();
    }

    @Test
    void waitsForADaemonThatIsNotThereYet() throws InterruptedException {
        device = new FakeDevice(2).notReady();
        TestDriver driver = driver();
        assertThat(driver.common(18, 2))
                .as("what the machine knows is there at once")
                .isEqualTo(2);
        Thread daemon = Thread.ofPlatform().start(() -> {
            pause(50);
            device.becomesReady();
        });
        assertThat(driver.offered()).isEqualTo(device.features & ~(1L << 40));
        daemon.join();
        assertThat(driver.status()).isZero();
    }

    @Test
    void answersZeroAndNeedsResetWhenTheDaemonDoesNotCome() {
        device = new FakeDevice(2).notReady();
        TestDriver driver = driver();
        long start = System.nanoTime();
        assertThat(driver.offered()).isZero();
        assertThat(machine.read(driver.structures.get(TestDriver.DEVICE), 4)).isZero();
        assertThat(driver.offered()).isZero();
        assertThat(System.nanoTime() - start).as("one deadline for all").isBetween(300_000_000L, 2_000_000_000L);
        assertThat(driver.status()).isEqualTo(TestDriver.NEEDS_RESET);
        assertThat(driver.negotiate(VERSION_1)).isFalse();
        device.becomesReady();
        assertThat(driver.negotiate(VERSION_1)).isTrue();
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** 4.1.4.9: firmware that has not mapped the BAR reaches its registers through configuration space. */
    @Test
    void opensAWindowInConfigurationSpace() {
        TestDriver driver = driver();
        machine.write(driver.config + 4, 2, 0);
        long window = driver.config + driver.window;
        window(window, 20, 1);
        machine.write(window + 16, 1, 1);
        assertThat(machine.read(window + 16, 1)).isEqualTo(1);
        window(window, 18, 2);
        assertThat(machine.read(window + 16, 2)).isEqualTo(2);
        window(window, 0x4000, 4);
        assertThat(machine.read(window + 16, 4)).isEqualTo(0x1312_1110L);
        for (long[] hostile : new long[][] {{0, 0}, {0, 3}, {0, 8}, {0xFFFF_FFFFL, 4}, {0x7FFFD, 4}, {18, 4}}) {
            window(window, hostile[0], hostile[1]);
            assertThat(machine.read(window + 16, 4)).isEqualTo(0xFFFF_FFFFL);
            machine.write(window + 16, 4, 0);
        }
        machine.write(window + 4, 1, 2);
        window(window, 18, 2);
        assertThat(machine.read(window + 16, 2)).as("no such BAR").isEqualTo(0xFFFF);
    }

    private void window(long window, long offset, long length) {
        machine.write(window + 8, 4, offset);
        machine.write(window + 12, 4, length);
    }

    @Test
    void isAsAfterPowerOnWhenTheMachineResets() {
        TestDriver driver = live();
        machine.write(driver.config + 0x10, 4, 0x0080_0000L);
        assertThat(function.reset().toCompletableFuture()).isCompleted();
        assertThat(machine.doorbells).isEmpty();
        assertThat(machine.router.assignments()).isZero();
        assertThat(machine.read(TestMachine.HIGH + 0x80_0000L, 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(machine.read(driver.config + driver.msix + 2, 2)).isEqualTo(2);
        TestDriver again = new TestDriver(machine, 1);
        assertThat(again.structures).isEqualTo(driver.structures);
        assertThat(again.status()).isZero();
        assertThat(machine.read(again.table + 12, 4)).as("masked").isEqualTo(1);
    }

    /** Any access anywhere in the BAR and in configuration space, also of widths that no driver uses. */
    @Test
    void survivesAHostileGuest() {
        TestDriver driver = live();
        Random random = new Random(5);
        List<Integer> starts = List.of(0, 0x2000, 0x4000, 0x6000, 0x8000, 0x48000, 0x50000, 0x7FFF0);
        for (int i = 0; i < 200_000; i++) {
            int width = 1 << random.nextInt(4);
            long at = TestMachine.HIGH + starts.get(random.nextInt(starts.size())) + random.nextInt(72);
            if (random.nextInt(16) == 0) {
                at = driver.config + 0x40 + random.nextInt(0xC0);
            }
            long value = random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(16);
            if (random.nextBoolean()) {
                machine.write(at, width, value);
            } else {
                machine.read(at, width);
            }
        }
        driver.msixControl(0);
        driver.status(0);
        assertThat(driver.status()).isZero();
        assertThat(driver.negotiate(VERSION_1)).isTrue();
    }
}
