package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.OptionalLong;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * A virtual machine of KVM. Owns its descriptor; the kernel keeps the machine until its vCPUs are closed too. Any
 * thread may call it (KVM orders the calls), but each table (memory slots, routes) should have one writer.
 *
 * <p>Kernel documentation: Documentation/virt/kvm/api.rst, "VM ioctls".
 */
public final class Vm implements AutoCloseable {
    /** KVM_MEM_LOG_DIRTY_PAGES: the slot's writes are logged. */
    public static final int LOG_DIRTY_PAGES = 1;
    /** KVM_MEM_READONLY: guest writes come as MMIO exits. */
    public static final int READONLY = 2;

    private static final long X2APIC_USE_32BIT_IDS = 1;
    private static final long X2APIC_DISABLE_BROADCAST_QUIRK = 2;
    private static final int MAX_XAPIC_ID = 254;

    private final Linux linux;
    private final Fd fd;
    private final KvmCaps caps;

    Vm(Linux linux, Fd fd, KvmCaps caps) {
        this.linux = linux;
        this.fd = fd;
        this.caps = caps;
    }

    /**
     * KVM_SET_USER_MEMORY_REGION: guest memory. It must stay mapped while the slot exists.
     *
     * @param slot its number, below {@link KvmCaps#memorySlots}
     * @param guestAddress page aligned
     * @param size bytes, page aligned; 0 takes the slot away
     * @param hostAddress where this process has mapped it
     * @param flags {@link #LOG_DIRTY_PAGES}, {@link #READONLY}
     */
    public void memorySlot(int slot, long guestAddress, long size, long hostAddress, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(
                    KvmRequest.KVM_SET_USER_MEMORY_REGION,
                    KvmMemoryRegion.of(arena, slot, flags, guestAddress, size, hostAddress));
        }
    }

    /** KVM_SET_TSS_ADDR: three pages that an Intel host without unrestricted guest uses; before the first vCPU. */
    public void setTssAddress(long guestAddress) {
        ioctl(KvmRequest.KVM_SET_TSS_ADDR, guestAddress);
    }

    /** KVM_SET_IDENTITY_MAP_ADDR: one page, for the same; before the first vCPU. */
    public void setIdentityMapAddress(long guestAddress) {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(KvmRequest.KVM_SET_IDENTITY_MAP_ADDR, arena.allocateFrom(ValueLayout.JAVA_LONG, guestAddress));
        }
    }

    /**
     * KVM_CREATE_IRQCHIP: LAPICs and the I/O APIC in the kernel; before the first vCPU. The 8259s that come with them
     * stay unconnected: routes are {@link IrqRoute#ioApicPins()} from here on.
     */
    public void irqchip() {
        ioctl(KvmRequest.KVM_CREATE_IRQCHIP, 0);
        routes(IrqRoute.ioApicPins());
    }

    /**
     * Lets APIC ids above 254 be used, if there will be such; before the first vCPU.
     *
     * @param greatestApicId of any vCPU, now or later
     */
    public void admitApicIds(int greatestApicId) {
        if (greatestApicId <= MAX_XAPIC_ID) {
            return;
        }
        long flags = X2APIC_USE_32BIT_IDS | X2APIC_DISABLE_BROADCAST_QUIRK;
        if ((caps.x2apicApi() & flags) != flags) {
            throw new KvmException(
                    KvmException.Reason.LIMIT, "this KVM has no APIC ids above 254, and one is " + greatestApicId);
        }
        try (Arena arena = Arena.ofConfined()) {
            ioctl(KvmRequest.KVM_ENABLE_CAP, KvmEnableCap.of(arena, KvmExtension.X2APIC_API, flags));
        }
    }

    /** KVM_SET_GSI_ROUTING: replaces the whole table at once. */
    public void routes(List<IrqRoute> routes) {
        if (routes.size() > caps.gsiRoutes()) {
            throw new KvmException(
                    KvmException.Reason.LIMIT,
                    "interrupt routes: " + routes.size() + " wanted, this KVM has " + caps.gsiRoutes());
        }
        try (Arena arena = Arena.ofConfined()) {
            ioctl(KvmRequest.KVM_SET_GSI_ROUTING, KvmIrqRouting.of(arena, routes));
        }
    }

    /** KVM_IRQFD: a signal of this eventfd raises the interrupt, edge-triggered. The kernel keeps its own reference. */
    public void irqfd(Fd event, int gsi) {
        irqfd(event, gsi, 0);
    }

    /** Takes {@link #irqfd} back. When it returns, no signal raises the interrupt any more. */
    public void irqfdOff(Fd event, int gsi) {
        irqfd(event, gsi, KvmIrqfd.DEASSIGN);
    }

    private void irqfd(Fd event, int gsi, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(KvmRequest.KVM_IRQFD, KvmIrqfd.of(arena, event.number(), gsi, flags));
        }
    }

    /**
     * KVM_IOEVENTFD: guest writes there signal this eventfd and cause no exit.
     *
     * @param address a guest-physical address, or a port
     * @param width 1, 2, 4, 8, or 0 for any (memory only)
     * @param datamatch only writes of this value
     */
    public void ioeventfd(Fd event, long address, int width, boolean pio, OptionalLong datamatch) {
        ioeventfd(event, address, width, pio, datamatch, 0);
    }

    /** Takes {@link #ioeventfd} back; the arguments must be the same. */
    public void ioeventfdOff(Fd event, long address, int width, boolean pio, OptionalLong datamatch) {
        ioeventfd(event, address, width, pio, datamatch, KvmIoeventfd.DEASSIGN);
    }

    private void ioeventfd(Fd event, long address, int width, boolean pio, OptionalLong datamatch, int flags) {
        int all = flags | (pio ? KvmIoeventfd.PIO : 0) | (datamatch.isPresent() ? KvmIoeventfd.DATAMATCH : 0);
        try (Arena arena = Arena.ofConfined()) {
            ioctl(
                    KvmRequest.KVM_IOEVENTFD,
                    KvmIoeventfd.of(arena, datamatch.orElse(0), address, width, event.number(), all));
        }
    }

    /**
     * KVM_REGISTER_COALESCED_MMIO: guest writes of a byte to this port wait in the {@link CoalescedRing}, and cause no
     * exit unless that is full. Only where {@link Vcpu#coalescedRing} is.
     */
    public void coalesce(int port) {
        coalesce(KvmRequest.KVM_REGISTER_COALESCED_MMIO, port);
    }

    /** Takes {@link #coalesce} back. When it returns, each write is an exit; what came before is in the ring. */
    public void coalesceOff(int port) {
        coalesce(KvmRequest.KVM_UNREGISTER_COALESCED_MMIO, port);
    }

    private void coalesce(KvmRequest request, int port) {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(request, KvmCoalescedZone.ofPort(arena, port, 1));
        }
    }

    /**
     * KVM_SIGNAL_MSI: one message-signalled interrupt, now.
     *
     * @return whether a LAPIC took it; false if the guest blocks it
     */
    public boolean signalMsi(long address, int data) {
        try (Arena arena = Arena.ofConfined()) {
            return ioctl(KvmRequest.KVM_SIGNAL_MSI, KvmMsi.of(arena, address, data)) > 0;
        }
    }

    /** KVM_IRQ_LINE: sets the level of an I/O APIC pin. */
    public void setIrqLine(int gsi, boolean high) {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(KvmRequest.KVM_IRQ_LINE, KvmIrqLevel.of(arena, gsi, high));
        }
    }

    /** KVM_GET_CLOCK: the guest's kvmclock, in ns; empty where this KVM has none. */
    public OptionalLong clock() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = KvmClockData.of(arena, 0);
            ioctl(KvmRequest.KVM_GET_CLOCK, data);
            return OptionalLong.of(data.get(ValueLayout.JAVA_LONG, KvmClockData.CLOCK));
        } catch (ErrnoException _) {
            return OptionalLong.empty();
        }
    }

    /** KVM_SET_CLOCK: lets the guest's kvmclock go on from there, in ns. While no vCPU runs. */
    public void clock(long nanos) {
        try (Arena arena = Arena.ofConfined()) {
            ioctl(KvmRequest.KVM_SET_CLOCK, KvmClockData.of(arena, nanos));
        }
    }

    /**
     * KVM_CREATE_VCPU. The caller owns it.
     *
     * @param id also its APIC id at reset
     * @throws KvmException LIMIT if KVM allows no more
     */
    public Vcpu createVcpu(int id) {
        long result = linux.tryIoctl(fd, KvmRequest.KVM_CREATE_VCPU.number(), id);
        if (result < 0) {
            Errno errno = Errno.of(-result);
            boolean limit = errno == Errno.EINVAL || errno == Errno.E2BIG;
            throw new KvmException(
                    limit ? KvmException.Reason.LIMIT : KvmException.Reason.FAILED,
                    "KVM_CREATE_VCPU of id " + id + ": " + errno.text()
                            + (limit ? "; this KVM allows " + caps.maxVcpus() + " vCPUs" : ""));
        }
        Fd vcpu = Fd.own(linux.kernel(), (int) result);
        try {
            return new Vcpu(linux, vcpu, linux.memory().map(vcpu, 0, caps.vcpuMapSize()), id, caps.coalescedRing());
        } catch (RuntimeException e) {
            vcpu.close();
            throw e;
        }
    }

    private long ioctl(KvmRequest request, MemorySegment argument) {
        return linux.ioctl(fd, request.number(), argument, request.name());
    }

    private void ioctl(KvmRequest request, long argument) {
        linux.ioctl(fd, request.number(), argument, request.name());
    }

    @Override
    public void close() {
        fd.close();
    }
}
