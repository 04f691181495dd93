package ringfence.vmm.doctor;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import ringfence.linux.uring.RingAbilities;
import ringfence.sandbox.BoxedProcess;
import ringfence.sandbox.FileRules;

/** What daemons are confined with, and io_uring, which confinement may take away. */
final class ConfinementChecks {
    private static final String LANDLOCK = "landlock";
    private static final String SECCOMP = "seccomp";
    private static final String BOXES = "daemon-boxes";
    private static final String NAMESPACES = "user-namespaces";
    private static final String URING = "io_uring";
    private static final int PATIENCE_SECONDS = 10;

    private ConfinementChecks() {}

    static List<Finding> of(Host host) {
        return List.of(landlock(host), seccomp(host), boxes(host), namespaces(), uring(host));
    }

    private static Finding landlock(Host host) {
        int abi = host.linux().confinement().landlockAbi();
        String remedy =
                "a kernel of 5.19 or newer with landlock in lsm=; daemons are not kept from the files of their user";
        if (abi == 0) {
            return Finding.warn(LANDLOCK, "there is none, or it is off", remedy);
        }
        return abi < FileRules.LEAST_ABI
                ? Finding.warn(LANDLOCK, "version " + abi, remedy)
                : Finding.ok(LANDLOCK, "version " + abi);
    }

    private static Finding seccomp(Host host) {
        Optional<String> actions = host.text("/proc/sys/kernel/seccomp/actions_avail");
        return actions.filter(words -> words.contains("kill_process")).isPresent()
                ? Finding.ok(SECCOMP, "filters: " + actions.get().replace(' ', ','))
                : Finding.warn(
                        SECCOMP,
                        "the kernel tells of no filter that ends a process",
                        "a kernel with CONFIG_SECCOMP_FILTER, so that daemons can be kept from system calls");
    }

    /** What daemons cannot be given by this user's VMM, or here. */
    private static Finding boxes(Host host) {
        if (host.linux().processes().effectiveUser() != 0) {
            return Finding.warn(
                    BOXES,
                    "files and system calls only: this user's daemons share its tree of files, network and IPC",
                    "start the VMM as root, or as ringfence@NAME by systemd, whose units have their own");
        }
        return BoxedProcess.givesTrees(host.linux())
                ? Finding.ok(BOXES, "with files, network and IPC of their own")
                : Finding.warn(
                        BOXES,
                        "without a tree of files of their own: root may not mount here",
                        "CAP_SYS_ADMIN for the container in which the VMM runs");
    }

    /** By a program that needs nothing else: a Java process has threads, and may not do it itself. */
    private static Finding namespaces() {
        String remedy = "sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces=15000 or"
                + " kernel.apparmor_restrict_unprivileged_userns=0; for passt";
        try {
            Process child = new ProcessBuilder("unshare", "--user", "--map-root-user", "true")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!child.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                child.destroyForcibly();
                return Finding.warn(NAMESPACES, "unshare(1) does not end", remedy);
            }
            return child.exitValue() == 0
                    ? Finding.ok(NAMESPACES, "this user may make one")
                    : Finding.warn(NAMESPACES, "this user may make none", remedy);
        } catch (IOException _) {
            return Finding.warn(NAMESPACES, "unshare(1) is not there to try", "apt install util-linux");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Finding.warn(NAMESPACES, "not tried to the end", "try again");
        }
    }

    private static Finding uring(Host host) {
        RingAbilities abilities = RingAbilities.probe(host.linux());
        return abilities
                .refusal()
                .map(why -> Finding.warn(
                        URING, why, "sysctl kernel.io_uring_disabled=0; disks work without, with more processor time"))
                .orElseGet(() -> Finding.ok(URING, "a ring was made"));
    }
}
