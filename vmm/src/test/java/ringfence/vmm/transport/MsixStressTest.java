package ringfence.vmm.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.virtio.queue.GuestDriver;
import ringfence.vmm.bus.Deadlines;

/**
 * No interrupt is lost, whatever the guest does to its vectors meanwhile. A device completes requests and waits, after a
 * few of them, until the guest has seen the last: an interrupt that is lost would keep it waiting. The guest masks and
 * unmasks vectors and the function, reads pending bits and changes affinities, as fast as it can.
 *
 * <p>{@code -Dringfence.completions=1000000} for the full count.
 */
class MsixStressTest {
    private static final int QUEUES = 3;
    private static final long PATIENCE = 20_000_000_000L;
    private static final int COMPLETIONS = Integer.getInteger("ringfence.completions", 50_000);
    private static final long SEED = Long.getLong("ringfence.seed", 17);

    private final AtomicIntegerArray completed = new AtomicIntegerArray(QUEUES);
    private final AtomicIntegerArray seen = new AtomicIntegerArray(QUEUES);
    private final AtomicReference<String> wrong = new AtomicReference<>("");
    private volatile boolean done;

    /** The guest's handler. A message names its vector and, in address and data alike, its processor. */
    private void interrupt(long address, int data) {
        int queue = (data >> 8) - 1;
        if ((address >> 12 & 0xFF) != (data & 0xFF)) {
            wrong.set("address 0x%x with data 0x%x: half of a change".formatted(address, data));
        } else if (queue >= 0) {
            seen.set(queue, completed.get(queue));
        }
    }

    @Test
    @Timeout(600)
    void losesNoneOfManyCompletionsAgainstMasksAndAffinityChanges() throws InterruptedException {
        TestMachine machine = new TestMachine(new Deadlines(), this::interrupt);
        FakeDevice device = new FakeDevice(QUEUES);
        VirtioPciFunction function = machine.add(device);
        TestDriver driver = new TestDriver(machine, 1);
        driver.negotiate(1L << 32);
        driver.msixControl(0x8000);
        for (int vector = 0; vector <= QUEUES; vector++) {
            driver.message(vector, 0xFEE0_0000L, vector << 8);
            driver.mask(vector, false);
        }
        for (int queue = 0; queue < QUEUES; queue++) {
            driver.enableQueue(queue, GuestDriver.place(0x1000, 16, false, false), queue + 1);
        }
        driver.ready();
        Thread guest = Thread.ofPlatform().name("vcpu0").start(() -> harass(driver));
        String lost = complete(device);
        done = true;
        guest.join();
        machine.segment.remove(1);
        function.close();
        machine.close();
        assertThat(lost).as("seed %d", SEED).isEmpty();
        assertThat(wrong.get()).isEmpty();
        assertThat(machine.router.commits()).as("affinities did change").isGreaterThan(100);
        System.out.printf(
                "counted: %,d completions against %,d changes of routes, seed %d: none lost%n",
                COMPLETIONS, machine.router.commits(), SEED);
    }

    private String complete(FakeDevice device) {
        Random random = new Random(SEED);
        int[] last = new int[QUEUES];
        for (int i = 0; i < COMPLETIONS; i++) {
            int queue = random.nextInt(QUEUES);
            last[queue] = completed.incrementAndGet(queue);
            device.events[queue].call().signal();
            if (random.nextInt(4) != 0) {
                String lost = await(queue, last[queue], i);
                if (!lost.isEmpty()) {
                    return lost;
                }
            }
        }
        for (int queue = 0; queue < QUEUES; queue++) {
            String lost = await(queue, last[queue], COMPLETIONS);
            if (!lost.isEmpty()) {
                return lost;
            }
        }
        return "";
    }

    private String await(int queue, int number, int after) {
        long start = System.nanoTime();
        while (seen.get(queue) < number) {
            if (System.nanoTime() - start > PATIENCE) {
                return "queue " + queue + ": completion " + number + " was never seen, after " + after + " in all";
            }
            Thread.onSpinWait();
        }
        return "";
    }

    private void harass(TestDriver driver) {
        Random random = new Random(~SEED);
        int[] processor = new int[QUEUES + 1];
        while (!done) {
            int vector = random.nextInt(QUEUES + 1);
            switch (random.nextInt(6)) {
                case 0 -> {
                    driver.msixControl(0xC000);
                    driver.msixControl(0x8000);
                }
                case 1 -> driver.isPending(vector);
                case 2, 3 -> {
                    driver.mask(vector, true);
                    driver.isPending(vector);
                    driver.mask(vector, false);
                }
                default -> {
                    processor[vector] = random.nextInt(256);
                    driver.mask(vector, true);
                    driver.message(vector, 0xFEE0_0000L | processor[vector] << 12, vector << 8 | processor[vector]);
                    driver.mask(vector, false);
                }
            }
        }
    }
}
