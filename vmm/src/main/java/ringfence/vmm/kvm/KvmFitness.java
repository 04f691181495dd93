package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/**
 * Whether KVM can carry a stock kernel. KVM needs a processor with VMX or SVM; a /dev/kvm without either is a software
 * emulation (such as PVM), whose interface works but which emulates every instruction of a kernel's early boot and never
 * gets to its end. So the processor's flags are asked, which Linux shows in the first lines of /proc/cpuinfo.
 */
public final class KvmFitness {
    /** Set to 1, this environment variable lets any KVM pass; for measurements of a start, and for those who know better. */
    public static final String ANY_KVM = "RINGFENCE_ANY_KVM";

    private static final int ENOUGH = 8 << 10;

    private KvmFitness() {}

    /**
     * Refuses a KVM that cannot run a stock kernel.
     *
     * @throws KvmException UNFIT, with what was found and what helps
     */
    public static void check(Linux linux) {
        if ("1".equals(System.getenv(ANY_KVM))) {
            return;
        }
        found(linux).ifPresent(line -> {
            throw new KvmException(KvmException.Reason.UNFIT, line);
        });
    }

    /** What stands against this KVM, in one line; empty: nothing that can be seen. */
    public static Optional<String> found(Linux linux) {
        return problem(firstProcessor(linux));
    }

    /** What stands against a processor whose entry in /proc/cpuinfo this is. */
    static Optional<String> problem(String processor) {
        String flags = line(processor, "flags");
        if (flags.isEmpty() || has(flags, "vmx") || has(flags, "svm")) {
            return Optional.empty(); // without flags nothing is known, and KVM itself will say
        }
        return Optional.of("this KVM cannot run a stock kernel: the processor (" + line(processor, "model name")
                + ") shows neither vmx nor svm, so /dev/kvm here is a software emulation; use a host with nested"
                + " virtualization, or packaging/lab, which has real KVM under QEMU");
    }

    private static boolean has(String flags, String flag) {
        return (' ' + flags + ' ').contains(' ' + flag + ' ');
    }

    private static String line(String processor, String name) {
        return processor
                .lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("");
    }

    private static String firstProcessor(Linux linux) {
        try (Fd file = linux.files().open("/proc/cpuinfo", OpenFlag.RDONLY);
                Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(ENOUGH);
            int length = linux.files().read(file, bytes);
            return new String(bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
        }
    }
}
