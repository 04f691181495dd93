package ringfence.vmm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.EventFd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.telemetry.Counters;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.kvm.ExitReason;
import ringfence.vmm.kvm.Kvm;
import ringfence.vmm.kvm.KvmException;
import ringfence.vmm.kvm.KvmRegs;
import ringfence.vmm.kvm.Vcpu;
import ringfence.vmm.kvm.Vm;

/** vCPU threads with guests of a few instructions, in 32-bit protected mode. Needs /dev/kvm, of whatever kind. */
@Timeout(60)
class VcpuThreadTest {
    private static final int CODE = 0x1000;
    private static final int MEMORY = 0x1_0000;
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
    private static final int KICKS = Integer.getInteger("ringfence.kvm.kicks", 20_000);

    private final Linux linux = Linux.system();
    private final BusTable buses = new BusTable();
    private final BlockingQueue<Long> written = new LinkedBlockingQueue<>();
    private final BlockingQueue<CpuFault> faults = new LinkedBlockingQueue<>();
    private Kvm kvm;
    private Vm vm;
    private Vcpu vcpu;
    private Mapping memory;
    private VcpuThread thread;

    @BeforeEach
    void makesAMachine() {
        try {
            kvm = Kvm.open(linux, Kvm.DEVICE);
        } catch (KvmException e) {
            assumeTrue(false, e.getMessage());
        }
        memory = linux.memory().mapAnonymous(MEMORY);
        vm = kvm.createVm();
        vm.memorySlot(0, 0, MEMORY, memory.address(), 0);
        vcpu = vm.createVcpu(0);
        thread = new VcpuThread(linux, vcpu, buses, new ExitCounters(Counters.hidden(), 0), new VcpuEvents() {
            @Override
            public void firstRun(int cpu) {}

            @Override
            public void systemEvent(int cpu, int type) {}

            @Override
            public void fault(CpuFault fault) {
                faults.add(fault);
            }
        });
    }

    @AfterEach
    void takesItApart() throws InterruptedException {
        if (vm != null) {
            thread.stop();
            assertThat(thread.join(PATIENCE)).isTrue();
            vcpu.close();
            vm.close();
            memory.close();
            kvm.close();
        }
    }

    private void runs(int... code) {
        byte[] bytes = new byte[code.length];
        for (int i = 0; i < code.length; i++) {
            bytes[i] = (byte) code[i];
        }
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory.segment(), CODE, bytes.length);
        VcpuSetup.boot(vcpu, new EntryPoint(CODE, 0, 0, 0x8000, 0x500));
        thread.start();
    }

    private final BusDevice sink = new BusDevice() {
        @Override
        public Access read(long offset, int width, ReadValue into) {
            return into.done(0x11223344);
        }

        @Override
        public Access write(long offset, int width, long value) {
            written.add(value);
            return Done.DONE;
        }
    };

    private long nextWritten() throws InterruptedException {
        Long value = written.poll(PATIENCE, TimeUnit.NANOSECONDS);
        assertThat(value).as("the guest's write; faults: " + faults).isNotNull();
        return value;
    }

    @Test
    void portAccessesGoThroughTheTableOfPorts() throws InterruptedException {
        buses.changePio(bus -> bus.with(0x500, 8, sink));
        // mov dx,0x500; in eax,dx; inc eax; out dx,eax; jmp $
        runs(0x66, 0xBA, 0x00, 0x05, 0xED, 0x40, 0xEF, 0xEB, 0xFE);
        assertThat(nextWritten()).isEqualTo(0x11223345);
        assertThat(thread.counters().of(ExitReason.IO)).isEqualTo(2);
    }

    @Test
    void memoryAccessesGoThroughTheTableOfMemory() throws InterruptedException {
        buses.changeMmio(bus -> bus.with(0xD000_0000L, 4096, sink));
        // mov eax,[0xd0000010]; inc eax; mov [0xd0000010],eax; mov al,[nobody]; mov [0xd0000010],al; jmp $
        runs(
                0xA1, 0x10, 0, 0, 0xD0, 0x40, 0xA3, 0x10, 0, 0, 0xD0, 0xA0, 0, 0, 0, 0xE0, 0xA2, 0x10, 0, 0, 0xD0, 0xEB,
                0xFE);
        assertThat(nextWritten()).isEqualTo(0x11223345);
        assertThat(nextWritten()).as("nobody answers: all ones").isEqualTo(0xFF);
    }

    @Test
    void anIoeventfdTakesTheWriteWithoutAnExit() throws InterruptedException {
        buses.changePio(bus -> bus.with(0x500, 8, sink));
        try (EventFd event = linux.events().eventFd()) {
            vm.ioeventfd(event.fd(), 0x500, 2, true, OptionalLong.empty());
            // mov dx,0x500; out dx,ax; out dx,ax; mov al,9; out dx,al; jmp $
            runs(0x66, 0xBA, 0x00, 0x05, 0x66, 0xEF, 0x66, 0xEF, 0xB0, 9, 0xEE, 0xEB, 0xFE);
            assertThat(nextWritten()).isEqualTo(9);
            assertThat(event.drain()).isEqualTo(2);
            assertThat(thread.counters().of(ExitReason.IO)).isOne();
            vm.ioeventfdOff(event.fd(), 0x500, 2, true, OptionalLong.empty());
        }
    }

    /** No kick is lost, though the guest never leaves by itself. */
    @Test
    void kicksAreNotLost() throws Exception {
        runs(0xEB, 0xFE); // jmp $
        for (int i = 0; i < KICKS; i++) {
            int number = i;
            assertThat(thread.call(cpu -> number).get(10, TimeUnit.SECONDS)).isEqualTo(number);
        }
        assertThat(thread.counters().of(ExitReason.INTERRUPTED)).isPositive();
    }

    @Test
    void pausesAndGoesOnWhereItWas() throws Exception {
        runs(0x40, 0xEB, 0xFD); // inc eax; jmp
        for (int i = 0; i < 200; i++) {
            thread.pause();
            assertThat(thread.awaitPaused(PATIENCE)).isTrue();
            assertThat(thread.state()).isEqualTo(VcpuState.PAUSED);
            long before = rax();
            assertThat(rax()).isEqualTo(before);
            thread.resume();
        }
        thread.pause();
        assertThat(thread.settle(PATIENCE)).isTrue();
    }

    private long rax() throws Exception {
        return thread.call(cpu -> {
                    KvmRegs regs = new KvmRegs();
                    cpu.read(regs);
                    return regs.rax();
                })
                .get(10, TimeUnit.SECONDS);
    }

    private void waitsForAnAnswerThatNeverComes() throws InterruptedException {
        CompletableFuture<Long> never = new CompletableFuture<>();
        buses.changePio(bus -> bus.with(0x500, 4, new BusDevice() {
            @Override
            public Access read(long offset, int width, ReadValue into) {
                return new Deferred(never, PATIENCE, 0x55, () -> {});
            }

            @Override
            public Access write(long offset, int width, long value) {
                return Done.DONE;
            }
        }));
        runs(0x66, 0xBA, 0x00, 0x05, 0x31, 0xC0, 0xEC, 0xEB, 0xFE); // mov dx,0x500; xor eax,eax; in al,dx; jmp $
        long deadline = System.nanoTime() + PATIENCE;
        while (thread.state() != VcpuState.DEFERRED && System.nanoTime() < deadline) {
            Thread.sleep(1);
        }
    }

    @Test
    void aDeferredAccessCountsAsPausedAndIsCompletedBeforeRegistersAreRead() throws Exception {
        waitsForAnAnswerThatNeverComes();
        thread.pause();
        assertThat(thread.awaitPaused(PATIENCE)).isTrue();
        assertThat(thread.state()).isEqualTo(VcpuState.DEFERRED);
        assertThat(thread.settle(PATIENCE)).isTrue();
        assertThat(thread.state()).isEqualTo(VcpuState.PAUSED);
        assertThat(rax()).isEqualTo(0x55);
    }

    @Test
    void stopsOutOfADeferredAccess() throws Exception {
        waitsForAnAnswerThatNeverComes();
        thread.stop();
        assertThat(thread.join(PATIENCE)).isTrue();
        assertThat(thread.state()).isEqualTo(VcpuState.STOPPED);
    }

    @Test
    void aTripleFaultIsAnEventAndTheThreadWaitsToBeStopped() throws InterruptedException {
        runs(0x0F, 0x0B); // ud2, and no IDT
        CpuFault fault = faults.poll(PATIENCE, TimeUnit.NANOSECONDS);
        assertThat(fault).isInstanceOf(CpuFault.TripleFault.class);
        assertThat(fault.describe()).contains("triple fault on vCPU 0");
        assertThat(thread.state()).isEqualTo(VcpuState.FAULTED);
    }

    /** HotSpot unblocks the signal when the thread ends; one that were still pending would end this process. */
    @Test
    void kicksOfAThreadThatIsEndingHarmNobody() throws InterruptedException {
        runs(0x0F, 0x0B);
        assertThat(faults.poll(PATIENCE, TimeUnit.NANOSECONDS)).isNotNull();
        for (int i = 0; i < 100; i++) {
            thread.kick(); // outside KVM_RUN: pending, and nobody looks
        }
        thread.stop();
        assertThat(thread.join(PATIENCE)).isTrue();
        thread.kick();
    }

    @Test
    void pausedBeforeItsStartItDoesNotEnterTheGuest() {
        thread.pause();
        runs(0xEB, 0xFE);
        assertThat(thread.settle(PATIENCE)).isTrue();
        assertThat(thread.counters().total()).isZero();
    }
}
