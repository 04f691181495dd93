package ringfence.vmm.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What this process may have at most, and so what it starts. */
final class LimitChecks {
    private static final String LIMITS = "/proc/self/limits";
    /** Soft and hard, behind the name and at least two blanks. */
    private static final Pattern VALUES = Pattern.compile(" {2,}(unlimited|[0-9]+) +(unlimited|[0-9]+) .*");

    private static final long MANY_FILES = 65_536;
    private static final long MANY_TASKS = 4096;
    private static final long MUCH_LOCKED = 64L << 20;

    private LimitChecks() {}

    static List<Finding> of(Host host) {
        List<Finding> found = new ArrayList<>();
        found.add(limit(
                host,
                "nofile",
                "Max open files",
                "open files",
                MANY_FILES,
                "raise it (LimitNOFILE= of a unit, or /etc/security/limits.conf) for shared folders with many files"));
        found.add(limit(
                host,
                "nproc",
                "Max processes",
                "threads and processes of the user",
                MANY_TASKS,
                "raise it (LimitNPROC=, or /etc/security/limits.conf): each device is a process, each vCPU a thread"));
        found.add(limit(
                host,
                "memlock",
                "Max locked memory",
                "bytes of locked memory",
                MUCH_LOCKED,
                "raise it (LimitMEMLOCK=, or /etc/security/limits.conf) for devices that are passed through, and for"
                        + " io_uring before Linux 5.12"));
        return found;
    }

    /** The hard limit, up to which a program raises its own. */
    private static Finding limit(Host host, String name, String line, String what, long enough, String remedy) {
        Optional<String> text = host.text(LIMITS)
                .flatMap(
                        all -> all.lines().filter(each -> each.startsWith(line)).findFirst());
        Matcher values =
                VALUES.matcher(text.map(found -> found.substring(line.length())).orElse(""));
        if (!values.matches()) {
            return Finding.warn(name, LIMITS + " does not say", "mount /proc");
        }
        String hard = values.group(2);
        String found = hard + " " + what + " at most";
        return hard.equals("unlimited") || Long.parseUnsignedLong(hard) >= enough
                ? Finding.ok(name, found)
                : Finding.warn(name, found, remedy);
    }
}
