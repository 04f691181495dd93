package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Linux;
import ringfence.virtio.queue.GuestDriver;
import ringfence.vmm.kvm.Kvm;
import ringfence.vmm.kvm.KvmException;
import ringfence.vmm.kvm.KvmLapic;
import ringfence.vmm.kvm.Vcpu;
import ringfence.vmm.kvm.Vm;
import ringfence.vmm.transport.FakeDevice;
import ringfence.vmm.transport.TestDriver;
import ringfence.vmm.transport.TestMachine;
import ringfence.vmm.transport.VirtioPciFunction;

/**
 * The transport's interrupts through KVM itself: irqfds, routes, and the local APIC of a vCPU that never runs, whose
 * request register (IRR) shows what has been delivered. Needs /dev/kvm, of whatever kind.
 *
 * <p>A change of affinity costs KVM milliseconds (grace periods), so the count is small; {@code
 * -Dringfence.kvm.completions=50000} took five minutes.
 */
class KvmInterruptsTest {
    private static final int QUEUES = 3;
    private static final int FIRST_VECTOR = 0x40;
    private static final int VECTORS_OF_A_QUEUE = 8;
    private static final int IRR = 0x200;
    private static final int APIC_ENABLED = 0x1FF;
    private static final int COMPLETIONS = Integer.getInteger("ringfence.kvm.completions", 300);
    private static final long PATIENCE = 20_000_000_000L;

    private final AtomicIntegerArray completed = new AtomicIntegerArray(QUEUES);
    private final AtomicIntegerArray seen = new AtomicIntegerArray(QUEUES);
    private final AtomicInteger strays = new AtomicInteger();
    private final VmSlot slot = new VmSlot();
    private final KvmLapic lapic = new KvmLapic();
    private Kvm kvm;
    private Vm vm;
    private Vcpu vcpu;
    private volatile boolean done;

    @BeforeEach
    void opens() {
        try {
            kvm = Kvm.open(Linux.system(), Kvm.DEVICE);
        } catch (KvmException e) {
            assumeTrue(false, e.getMessage());
        }
        vm = kvm.createVm();
        vm.irqchip();
        slot.put(vm);
        vcpu = vm.createVcpu(0);
        vcpu.read(lapic);
        vcpu.write(lapic.register(KvmLapic.SPURIOUS, APIC_ENABLED));
    }

    @AfterEach
    void closes() {
        if (vm != null) {
            vcpu.close();
            vm.close();
            kvm.close();
        }
    }

    /** What an operating system's handlers do: take each request, and note how far its queue has come. */
    private void serveInterrupts() {
        while (!done) {
            takeInterrupts();
        }
    }

    private void takeInterrupts() {
        vcpu.read(lapic);
        boolean[] raised = new boolean[QUEUES];
        boolean any = false;
        for (int word = 0; word < 8; word++) {
            int bits = lapic.register(IRR + 16 * word);
            lapic.register(IRR + 16 * word, 0);
            for (; bits != 0; bits &= bits - 1) {
                int queue = (32 * word + Integer.numberOfTrailingZeros(bits) - FIRST_VECTOR) / VECTORS_OF_A_QUEUE;
                any = true;
                if (queue >= 0 && queue < QUEUES) {
                    raised[queue] = true;
                } else {
                    strays.incrementAndGet();
                }
            }
        }
        if (any) {
            // nothing else is delivered meanwhile that matters: the device waits for each completion to be seen
            vcpu.write(lapic);
        }
        for (int queue = 0; queue < QUEUES; queue++) {
            if (raised[queue]) {
                seen.set(queue, completed.get(queue));
            }
        }
    }

    @Test
    @Timeout(600)
    void losesNoneOfManyCompletionsAgainstMasksAndAffinityChanges() throws InterruptedException {
        TestMachine machine = new TestMachine(new KvmMsiRouter(slot, 1024));
        FakeDevice device = new FakeDevice(QUEUES);
        VirtioPciFunction function = machine.add(device);
        TestDriver driver = new TestDriver(machine, 1);
        driver.negotiate(1L << 32);
        driver.msixControl(0x8000);
        for (int queue = 0; queue < QUEUES; queue++) {
            driver.message(queue + 1, 0xFEE0_0000L, FIRST_VECTOR + VECTORS_OF_A_QUEUE * queue);
            driver.mask(queue + 1, false);
            driver.enableQueue(queue, GuestDriver.place(0x1000, 16, false, false), queue + 1);
        }
        driver.ready();
        Thread handlers = Thread.ofPlatform().name("isr").start(this::serveInterrupts);
        Thread guest = Thread.ofPlatform().name("vcpu0").start(() -> harass(driver));
        String lost = complete(device);
        done = true;
        guest.join();
        handlers.join();
        machine.segment.remove(1);
        function.close();
        machine.close();
        assertThat(lost).isEmpty();
        assertThat(strays).hasValue(0);
    }

    private String complete(FakeDevice device) {
        Random random = new Random(17);
        for (int i = 0; i < COMPLETIONS; i++) {
            int queue = random.nextInt(QUEUES);
            int number = completed.incrementAndGet(queue);
            device.events[queue].call().signal();
            long start = System.nanoTime();
            while (seen.get(queue) < number) {
                if (System.nanoTime() - start > PATIENCE) {
                    return "queue " + queue + ": completion " + number + " was never seen, after " + i + " in all";
                }
                Thread.onSpinWait();
            }
        }
        return "";
    }

    private void harass(TestDriver driver) {
        Random random = new Random(23);
        while (!done) {
            int queue = random.nextInt(QUEUES);
            switch (random.nextInt(4)) {
                case 0 -> {
                    driver.msixControl(0xC000);
                    driver.msixControl(0x8000);
                }
                case 1 -> {
                    driver.mask(queue + 1, true);
                    driver.isPending(queue + 1);
                    driver.mask(queue + 1, false);
                }
                default -> {
                    int vector = FIRST_VECTOR + VECTORS_OF_A_QUEUE * queue + random.nextInt(VECTORS_OF_A_QUEUE);
                    driver.mask(queue + 1, true);
                    driver.message(queue + 1, 0xFEE0_0000L, vector);
                    driver.mask(queue + 1, false);
                }
            }
        }
    }
}
