package ringfence.it.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Chooses the host on which tests run guests. */
public final class KvmHosts {
    /** {@code local} or {@code l1} instead of what this machine's processor says. */
    public static final String CHOICE = "RINGFENCE_KVM_HOST";

    private static final Pattern HARDWARE = Pattern.compile("^flags\\s*:.*\\b(vmx|svm)\\b", Pattern.MULTILINE);

    private KvmHosts() {}

    /** This machine where its KVM can run a stock kernel, else L1 with Debian's kernel {@code kernel} on so many processors. */
    public static KvmHost open(Checkout checkout, String kernel, int cpus) {
        return isLocal() ? new LocalHost(checkout) : L1Host.boot(checkout, kernel, cpus);
    }

    /**
     * Whether guests run on this machine: there is a /dev/kvm that may be opened, and a processor with VMX or SVM
     * behind it. Without those, a /dev/kvm may exist and still not carry a kernel through its own decompression.
     */
    public static boolean isLocal() {
        String choice = System.getenv(CHOICE);
        if (choice != null) {
            return switch (choice) {
                case "local" -> true;
                case "l1" -> false;
                default -> throw new LabException(CHOICE + " is 'local' or 'l1', not '" + choice + "'");
            };
        }
        try {
            Path device = Path.of("/dev/kvm");
            return Files.isReadable(device)
                    && Files.isWritable(device)
                    && HARDWARE.matcher(Files.readString(Path.of("/proc/cpuinfo")))
                            .find();
        } catch (IOException e) {
            throw new LabException("cannot read /proc/cpuinfo", e);
        }
    }
}
