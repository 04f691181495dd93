package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;

/**
 * A virtual processor of KVM. Owns its descriptor and the mapping of {@code kvm_run}. One thread calls it: the one that
 * runs it (KVM says so); before that thread starts, the one that made it. {@link KvmRun#immediateExit} is the exception.
 *
 * <p>Kernel documentation: Documentation/virt/kvm/api.rst, "vcpu ioctls".
 */
public final class Vcpu implements AutoCloseable {
    private final Linux linux;
    private final Fd fd;
    private final Mapping mapping;
    private final KvmRun run;
    private final int id;
    private final int ring;

    Vcpu(Linux linux, Fd fd, Mapping mapping, int id, int ring) {
        this.linux = linux;
        this.fd = fd;
        this.mapping = mapping;
        this.id = id;
        this.ring = ring;
        run = new KvmRun(mapping.segment());
    }

    /** Its id, which is its APIC id at reset. */
    public int id() {
        return id;
    }

    /** What it shares with the kernel. */
    public KvmRun kvmRun() {
        return run;
    }

    /** Its VM's ring of coalesced port writes, if this KVM has one; not to be used after {@link #close}. */
    public Optional<CoalescedRing> coalescedRing() {
        return ring == 0
                ? Optional.empty()
                : Optional.of(new CoalescedRing(mapping.segment().asSlice(ring, CoalescedRing.PAGE)));
    }

    /**
     * KVM_RUN: runs the guest until it exits, after completing the access that the last exit was about. Allocates
     * nothing.
     *
     * @throws KvmException MEMORY_GONE (EFAULT), or FAILED: KVM refuses (ENOEXEC, EIO, …)
     */
    public ExitReason run() {
        while (true) {
            long result = linux.tryIoctl(fd, KvmRequest.KVM_RUN.number(), 0);
            if (result >= 0) {
                return ExitReason.of(run.exitReason());
            }
            if (result == -Errno.EINTR.number()) {
                return ExitReason.INTERRUPTED;
            }
            if (result != -Errno.EAGAIN.number()) { // EAGAIN: a waiting processor has just been started, go on
                throw new KvmException(
                        result == -Errno.EFAULT.number() ? KvmException.Reason.MEMORY_GONE : KvmException.Reason.FAILED,
                        "KVM_RUN of vCPU " + id + ": " + describe(Errno.of(-result)));
            }
        }
    }

    private static String describe(Errno errno) {
        return errno + " (" + errno.text() + ")";
    }

    /** KVM_SET_SIGNAL_MASK: the thread's signal mask while it is inside {@link #run}: bit n - 1 blocks signal n. */
    public void signalMask(long blocked) {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(KvmRequest.KVM_SET_SIGNAL_MASK, KvmSignalMask.of(arena, blocked));
        }
    }

    /** KVM_SET_CPUID2; before the first {@link #run}. */
    public void cpuid(List<CpuidEntry> entries) {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(KvmRequest.KVM_SET_CPUID2, KvmCpuid2.of(arena, entries));
        }
    }

    /** KVM_GET_REGS. */
    public void read(KvmRegs into) {
        ioctl(KvmRequest.KVM_GET_REGS, into.segment());
    }

    /** KVM_SET_REGS. */
    public void write(KvmRegs from) {
        ioctl(KvmRequest.KVM_SET_REGS, from.segment());
    }

    /** KVM_GET_SREGS. */
    public void read(KvmSregs into) {
        ioctl(KvmRequest.KVM_GET_SREGS, into.segment());
    }

    /** KVM_SET_SREGS. */
    public void write(KvmSregs from) {
        ioctl(KvmRequest.KVM_SET_SREGS, from.segment());
    }

    /** KVM_GET_LAPIC. */
    public void read(KvmLapic into) {
        ioctl(KvmRequest.KVM_GET_LAPIC, into.segment());
    }

    /** KVM_SET_LAPIC. */
    public void write(KvmLapic from) {
        ioctl(KvmRequest.KVM_SET_LAPIC, from.segment());
    }

    /**
     * KVM_SET_MSRS, all of them.
     *
     * @throws KvmException FAILED, with the register that KVM refused
     */
    public void writeMsrs(List<MsrValue> values) {
        try (Arena arena = Arena.ofConfined()) {
            long done = ioctl(KvmRequest.KVM_SET_MSRS, KvmMsrs.of(arena, values));
            if (done < values.size()) {
                MsrValue refused = values.get((int) done);
                throw new KvmException(
                        KvmException.Reason.FAILED,
                        String.format("KVM_SET_MSRS: MSR 0x%x refuses 0x%x", refused.index(), refused.value()));
            }
        }
    }

    /** KVM_GET_MSRS of one. @throws KvmException FAILED if this KVM does not have it */
    public long readMsr(int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = KvmMsrs.of(arena, List.of(new MsrValue(index, 0)));
            if (ioctl(KvmRequest.KVM_GET_MSRS, table) != 1) {
                throw new KvmException(KvmException.Reason.FAILED, String.format("KVM_GET_MSRS: no MSR 0x%x", index));
            }
            return KvmMsrs.value(table, 0);
        }
    }

    /** KVM_GET_MP_STATE. */
    public MpState mpState() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(ValueLayout.JAVA_INT);
            ioctl(KvmRequest.KVM_GET_MP_STATE, state);
            int number = state.get(ValueLayout.JAVA_INT, 0);
            return MpState.values()[Math.clamp(number, 0, MpState.values().length - 1)];
        }
    }

    /** KVM_SET_MP_STATE. */
    public void mpState(MpState state) {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(KvmRequest.KVM_SET_MP_STATE, arena.allocateFrom(ValueLayout.JAVA_INT, state.ordinal()));
        }
    }

    /** KVM_GET_TSC_KHZ: the guest's TSC frequency; 0 if this KVM does not tell. */
    public int tscKhz() {
        return (int) Math.max(0, linux.tryIoctl(fd, KvmRequest.KVM_GET_TSC_KHZ.number(), 0));
    }

    /** KVM_KVMCLOCK_CTRL: after a pause, tells the guest's watchdogs that it was stopped. No error if it has no kvmclock. */
    public void tellPaused() {
        linux.tryIoctl(fd, KvmRequest.KVM_KVMCLOCK_CTRL.number(), 0);
    }

    /** KVM_NMI: a non-maskable interrupt. */
    public void nmi() {
        linux.ioctl(fd, KvmRequest.KVM_NMI.number(), 0, KvmRequest.KVM_NMI.name());
    }

    private long ioctl(KvmRequest request, MemorySegment argument) {
        return linux.ioctl(fd, request.number(), argument, request.name());
    }

    @Override
    public void close() {
        mapping.close();
        fd.close();
    }
}
