package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/**
 * /dev/kvm, opened. Owns its descriptor; VMs made from it live on when it is closed. Any thread may use it.
 *
 * <p>Kernel documentation: Documentation/virt/kvm/api.rst, "System ioctls".
 */
public final class Kvm implements AutoCloseable {
    /** Where KVM is found. */
    public static final String DEVICE = "/dev/kvm";

    private static final int API_VERSION = 12;
    private static final int MAX_CPUID_ENTRIES = 256;
    private static final List<KvmExtension> NEEDED = List.of(
            KvmExtension.IRQCHIP,
            KvmExtension.USER_MEMORY,
            KvmExtension.SET_TSS_ADDR,
            KvmExtension.SET_IDENTITY_MAP_ADDR,
            KvmExtension.MP_STATE,
            KvmExtension.IRQ_ROUTING,
            KvmExtension.IRQFD,
            KvmExtension.IOEVENTFD,
            KvmExtension.IOEVENTFD_ANY_LENGTH,
            KvmExtension.SIGNAL_MSI,
            KvmExtension.IMMEDIATE_EXIT);

    private final Linux linux;
    private final Fd fd;
    private final KvmCaps caps;

    private Kvm(Linux linux, Fd fd) {
        this.linux = linux;
        this.fd = fd;
        caps = probe();
    }

    /**
     * Opens KVM and checks that it is one that Ringfence can use. Whether it can also run a stock kernel is
     * {@link KvmFitness}'s question.
     *
     * @throws KvmException MISSING, NO_PERMISSION, UNUSABLE
     */
    public static Kvm open(Linux linux, String path) {
        Fd fd = openDevice(linux, path);
        try {
            long version = linux.tryIoctl(fd, KvmRequest.KVM_GET_API_VERSION.number(), 0);
            if (version != API_VERSION) {
                throw new KvmException(
                        KvmException.Reason.UNUSABLE,
                        version < 0
                                ? path + " is not KVM: it does not know KVM_GET_API_VERSION"
                                : path + " speaks version " + version + " of the KVM API, not " + API_VERSION);
            }
            Kvm kvm = new Kvm(linux, fd);
            kvm.checkNeeded(path);
            return kvm;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static Fd openDevice(Linux linux, String path) {
        try {
            return linux.files().open(path, OpenFlag.RDWR);
        } catch (ErrnoException e) {
            switch (e.errno()) {
                case ENOENT, ENOTDIR, ENXIO, ENODEV ->
                    throw new KvmException(
                            KvmException.Reason.MISSING,
                            "no KVM: " + path + " does not exist here; load kvm_intel or kvm_amd, switch virtualization"
                                    + " on in the firmware, or pass the device into this container",
                            e);
                case EACCES, EPERM ->
                    throw new KvmException(
                            KvmException.Reason.NO_PERMISSION,
                            "no permission for " + path + ": add this user to the group that owns it (usually 'kvm')",
                            e);
                default ->
                    throw new KvmException(KvmException.Reason.UNUSABLE, "cannot open KVM: " + e.getMessage(), e);
            }
        }
    }

    private void checkNeeded(String path) {
        List<String> missing = new ArrayList<>();
        for (KvmExtension extension : NEEDED) {
            if (check(extension) == 0) {
                missing.add("KVM_CAP_" + extension);
            }
        }
        if (!missing.isEmpty()) {
            throw new KvmException(
                    KvmException.Reason.UNUSABLE,
                    path + " lacks " + String.join(", ", missing) + ": Linux 5.4 or later has it");
        }
    }

    private KvmCaps probe() {
        int recommended = Math.max(1, check(KvmExtension.NR_VCPUS));
        int most = Math.max(recommended, check(KvmExtension.MAX_VCPUS));
        int mapSize = (int) ioctl(KvmRequest.KVM_GET_VCPU_MMAP_SIZE, 0);
        return new KvmCaps(
                most,
                Math.max(most, check(KvmExtension.MAX_VCPU_ID)),
                check(KvmExtension.NR_MEMSLOTS),
                check(KvmExtension.IRQ_ROUTING),
                check(KvmExtension.TSC_DEADLINE_TIMER) != 0,
                check(KvmExtension.X2APIC_API),
                check(KvmExtension.READONLY_MEM) != 0,
                mapSize,
                coalescedRing(mapSize));
    }

    /** Where the ring is; 0 also if it would lie outside of the mapping, as a KVM in software was seen to say. */
    private int coalescedRing(int mapSize) {
        int pages = check(KvmExtension.COALESCED_PIO) == 0 ? 0 : check(KvmExtension.COALESCED_MMIO);
        return pages > 0 && pages < mapSize / CoalescedRing.PAGE ? pages * CoalescedRing.PAGE : 0;
    }

    /** KVM_CHECK_EXTENSION: 0 if it is missing, else 1 or a number of the extension's own meaning. */
    public int check(KvmExtension extension) {
        return (int) Math.max(0, linux.tryIoctl(fd, KvmRequest.KVM_CHECK_EXTENSION.number(), extension.number()));
    }

    /** What it can do. */
    public KvmCaps caps() {
        return caps;
    }

    /** KVM_GET_SUPPORTED_CPUID: every leaf that a guest may be shown on this host, of which guests are made. */
    public List<CpuidEntry> supportedCpuid() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = KvmCpuid2.allocate(arena, MAX_CPUID_ENTRIES);
            linux.ioctl(
                    fd, KvmRequest.KVM_GET_SUPPORTED_CPUID.number(), table, KvmRequest.KVM_GET_SUPPORTED_CPUID.name());
            return KvmCpuid2.read(table);
        }
    }

    /** KVM_CREATE_VM. The caller owns it. */
    public Vm createVm() {
        // EINTR: the kernel's mmu notifier start-up is interruptible, and a signal may well come in a JVM
        long result;
        do {
            result = linux.tryIoctl(fd, KvmRequest.KVM_CREATE_VM.number(), 0);
        } while (result == -Errno.EINTR.number());
        if (result < 0) {
            throw new KvmException(
                    KvmException.Reason.FAILED,
                    "KVM_CREATE_VM: " + Errno.of(-result).text());
        }
        return new Vm(linux, Fd.own(linux.kernel(), (int) result), caps);
    }

    private long ioctl(KvmRequest request, long argument) {
        return linux.ioctl(fd, request.number(), argument, request.name());
    }

    @Override
    public void close() {
        fd.close();
    }
}
