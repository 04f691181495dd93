package ringfence.vmm.doctor;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import ringfence.linux.Linux;

/** Looks at this host, as this user. */
public final class Doctor {
    private static final int JAVA = 25;

    private static final List<Function<Host, List<Finding>>> CHECKS = List.of(
            KvmChecks::of,
            DeviceChecks::of,
            ResourceChecks::of,
            LimitChecks::of,
            ConfinementChecks::of,
            _ -> List.of(java()));

    private Doctor() {}

    /** All findings, what VMs need most first. Takes up to some seconds; leaves nothing behind. */
    public static List<Finding> look(Linux linux) {
        return look(new Host(linux, Path.of("/")));
    }

    static List<Finding> look(Host host) {
        return CHECKS.stream().flatMap(check -> found(check, host)).toList();
    }

    /** What a check did not expect is one thing that does not work, and no reason to say nothing of the others. */
    private static Stream<Finding> found(Function<Host, List<Finding>> check, Host host) {
        try {
            return check.apply(host).stream();
        } catch (RuntimeException e) {
            return Stream.of(Finding.fail("doctor", e.toString(), "tell us"));
        }
    }

    private static Finding java() {
        int version = Runtime.version().feature();
        String found = Runtime.version() + " of " + System.getProperty("java.vendor");
        return version >= JAVA
                ? Finding.ok("jdk", found)
                : Finding.fail("jdk", found, "start the programs in bin/, which have a JDK " + JAVA + " of their own");
    }
}
