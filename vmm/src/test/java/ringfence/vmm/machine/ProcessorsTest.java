package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import ringfence.linux.FaultInjector;
import ringfence.linux.Linux;
import ringfence.linux.NativeKernel;
import ringfence.linux.Syscall;
import ringfence.memory.GuestRam;
import ringfence.memory.RamOptions;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.config.CpusConfig;
import ringfence.vmm.cpu.CpuFault;
import ringfence.vmm.cpu.VcpuEvents;
import ringfence.vmm.kvm.Kvm;
import ringfence.vmm.kvm.KvmException;
import ringfence.vmm.plan.MemoryMap;
import ringfence.vmm.plan.Topology;

/** The calls that make a VM. Needs /dev/kvm, of whatever kind. */
class ProcessorsTest {
    private static final int KVM_SET_TSS_ADDR = 0xAE47;
    private static final int KVM_SET_IDENTITY_MAP_ADDR = 0x4008_AE48;
    private static final int KVM_CREATE_VCPU = 0xAE41;

    private static final VcpuEvents NONE = new VcpuEvents() {
        @Override
        public void firstRun(int cpu) {}

        @Override
        public void systemEvent(int cpu, int type) {}

        @Override
        public void fault(CpuFault fault) {}
    };

    /** KVM API, 4.36 and 4.67: of what Intel hosts need nobody else would notice that it is missing. */
    @Test
    void setsWhatOnlyIntelNeedsWhereTheMemoryMapSaysAndBeforeTheFirstVcpu() {
        List<String> calls = new ArrayList<>();
        FaultInjector watched = new FaultInjector(new NativeKernel());
        watched.inject(Syscall.IOCTL, (fd, request, argument) -> true, (through, call, a) -> {
            switch ((int) a[1]) {
                case KVM_SET_TSS_ADDR -> calls.add("TSS at " + Long.toHexString(a[2]));
                case KVM_SET_IDENTITY_MAP_ADDR ->
                    calls.add("identity map at " + Long.toHexString(new UnsafeBuffer(a[2], 8).getLong(0)));
                case KVM_CREATE_VCPU -> calls.add("vCPU " + a[2]);
                default -> {
                    // not asked for
                }
            }
            return through.call(call, a[0], a[1], a[2], a[3], a[4], a[5]);
        });
        Linux linux = new Linux(watched);
        try (Kvm kvm = open(linux);
                GuestRam ram = new GuestRam(
                        linux, List.of(new GuestRam.Range(0, 2 << 20)), new RamOptions(0, false, false, false))) {
            new Processors(
                            linux,
                            kvm,
                            kvm.supportedCpuid(),
                            Topology.flat(2),
                            2,
                            36,
                            false,
                            ram.table(),
                            new BusTable(),
                            new Counters()::exits,
                            new VcpuPlacement(linux, CpusConfig.TABLE.parse("boot=2")),
                            NONE)
                    .close();
        }
        assertThat(calls)
                .containsExactly(
                        "TSS at " + Long.toHexString(MemoryMap.KVM_TSS.base()),
                        "identity map at " + Long.toHexString(MemoryMap.KVM_IDENTITY_MAP.base()),
                        "vCPU 0",
                        "vCPU 1");
    }

    private static Kvm open(Linux linux) {
        try {
            return Kvm.open(linux, Kvm.DEVICE);
        } catch (KvmException e) {
            assumeTrue(false, e.getMessage());
            throw e;
        }
    }
}
