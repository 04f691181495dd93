package ringfence.vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.vmm.boot.BootState;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.cpu.EntryPoint;
import ringfence.vmm.cpu.ExitCounters;
import ringfence.vmm.cpu.VcpuEvents;
import ringfence.vmm.cpu.VcpuSetup;
import ringfence.vmm.cpu.VcpuThread;
import ringfence.vmm.kvm.CpuidEntry;
import ringfence.vmm.kvm.Kvm;
import ringfence.vmm.kvm.Vcpu;
import ringfence.vmm.kvm.Vm;
import ringfence.vmm.legacy.KeptWrites;
import ringfence.vmm.plan.Cpuid;
import ringfence.vmm.plan.CpuidPlan;
import ringfence.vmm.plan.MemoryMap;
import ringfence.vmm.plan.Topology;

/**
 * KVM's side of one boot: the VM, its memory slots, vCPUs and their threads. Made, started and closed by the machine's
 * owner.
 */
final class Processors implements AutoCloseable {
    private static final long STOP_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Vm vm;
    private final List<Vcpu> vcpus = new ArrayList<>();
    private final List<VcpuThread> threads = new ArrayList<>();
    private final VcpuPlacement placement;
    private final VcpuEvents events;
    private OptionalLong pausedAt = OptionalLong.empty();

    /**
     * Makes the VM and its vCPUs; nothing runs yet.
     *
     * @param counters of a vCPU
     * @param placement where their threads run
     * @throws ringfence.vmm.kvm.KvmException if KVM refuses, such as too many vCPUs
     */
    Processors(
            Linux linux,
            Kvm kvm,
            List<CpuidEntry> supported,
            Topology topology,
            int count,
            int physBits,
            boolean nested,
            MemoryTable memory,
            BusTable buses,
            IntFunction<ExitCounters> counters,
            VcpuPlacement placement,
            VcpuEvents events) {
        this.placement = placement;
        this.events = events;
        vm = kvm.createVm();
        try {
            vm.setTssAddress(MemoryMap.KVM_TSS.base());
            vm.setIdentityMapAddress(MemoryMap.KVM_IDENTITY_MAP.base());
            vm.admitApicIds(topology.apicId(topology.cpus() - 1));
            vm.irqchip();
            int slot = 0;
            for (Region region : memory.regions()) {
                vm.memorySlot(
                        slot++,
                        region.guestAddress(),
                        region.size(),
                        region.segment().address(),
                        0);
            }
            for (int cpu = 0; cpu < count; cpu++) {
                Vcpu vcpu = vm.createVcpu(topology.apicId(cpu));
                vcpus.add(vcpu);
                CpuidPlan plan =
                        new CpuidPlan(topology, physBits, kvm.caps().tscDeadlineTimer(), vcpu.tscKhz(), nested);
                VcpuSetup.every(vcpu, Cpuid.of(supported, plan, cpu));
                threads.add(new VcpuThread(linux, vcpu, buses, counters.apply(cpu), events));
            }
        } catch (RuntimeException e) {
            closeAll();
            throw e;
        }
    }

    /** KVM's VM. */
    Vm vm() {
        return vm;
    }

    /** Number of vCPUs. */
    int count() {
        return vcpus.size();
    }

    /** Writes of a byte to this port, for KVM to keep if it can; not to be used after {@link #close}. */
    KeptWrites keptWrites(int port) {
        return vcpus.getFirst()
                .coalescedRing()
                .<KeptWrites>map(ring -> new CoalescedPort(vm, ring, port))
                .orElse(KeptWrites.NONE);
    }

    /**
     * Lets the boot processor enter the guest; the others wait for it to start them.
     *
     * @throws ringfence.process.BadInputException if they cannot run where they are to; no thread runs then
     */
    void start(BootState boot) throws InterruptedException {
        VcpuSetup.boot(
                vcpus.getFirst(), new EntryPoint(boot.rip(), boot.rbx(), boot.rsi(), boot.rsp(), boot.gdtBase()));
        try {
            placement.start(threads, events);
        } catch (RuntimeException e) {
            stop();
            throw e;
        }
    }

    /** The threads, by vCPU. */
    List<VcpuThread> threads() {
        return threads;
    }

    /**
     * Lets the vCPUs stand still, and the guest's clock with them. A register access that waits for a device goes on
     * waiting.
     *
     * @throws VmException FAILED if one does not; then they run on
     */
    void pause() {
        threads.forEach(VcpuThread::pause);
        long deadline = System.nanoTime() + STOP_NANOS;
        for (VcpuThread thread : threads) {
            if (!thread.awaitPaused(Math.max(1, deadline - System.nanoTime()))) {
                threads.forEach(VcpuThread::resume);
                throw new VmException(
                        VmException.Reason.FAILED, "vCPU " + thread.cpu() + " does not stand still: it runs on");
            }
        }
        pausedAt = vm.clock();
    }

    /** Lets them run again, from the time at which they stood still. */
    void resume() {
        pausedAt.ifPresent(vm::clock);
        threads.forEach(VcpuThread::resume);
    }

    /** A non-maskable interrupt for each, on its own thread: from another one, KVM lets the call wait for KVM_RUN's end. */
    void nmi() {
        CompletableFuture<?>[] sent = threads.stream()
                .map(thread -> thread.call(vcpu -> {
                    vcpu.nmi();
                    return vcpu;
                }))
                .toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(sent).get(STOP_NANOS, TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new VmException(VmException.Reason.FAILED, "not every vCPU takes an NMI: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Runs an action once every vCPU has left the register access that it may be in now: by one of their threads, so it must
     * be quick; never, if they stop before.
     */
    void afterAccesses(Runnable action) {
        CompletableFuture<?>[] left =
                threads.stream().map(thread -> thread.call(vcpu -> vcpu)).toArray(CompletableFuture[]::new);
        CompletableFuture<Void> _ = CompletableFuture.allOf(left).thenRun(action);
    }

    /** Stops the threads. After it no vCPU touches a device or guest memory. */
    void stop() throws InterruptedException {
        threads.forEach(VcpuThread::stop);
        long deadline = System.nanoTime() + STOP_NANOS;
        for (VcpuThread thread : threads) {
            if (!thread.join(Math.max(1, deadline - System.nanoTime()))) {
                throw new IllegalStateException("vCPU " + thread.cpu() + " does not stop: it hangs in KVM_RUN");
            }
        }
    }

    private void closeAll() {
        vcpus.forEach(Vcpu::close);
        vm.close();
    }

    /** Closes the VM; {@link #stop} came before. */
    @Override
    public void close() {
        closeAll();
    }
}
