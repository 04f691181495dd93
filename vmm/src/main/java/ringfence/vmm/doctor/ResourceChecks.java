package ringfence.vmm.doctor;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Mapping;

/** Memory, control groups and the IOMMU. */
final class ResourceChecks {
    private static final String HUGE = "hugepages";
    private static final String CGROUPS = "cgroups";
    private static final String IOMMU = "iommu";
    private static final String CGROUP_ROOT = "/sys/fs/cgroup";
    private static final long HUGE_PAGE = 2L << 20;

    private ResourceChecks() {}

    static List<Finding> of(Host host) {
        return List.of(hugePages(host), cgroups(host), iommu(host));
    }

    private static Finding hugePages(Host host) {
        try (Fd memory = host.linux().memory().memfd("doctor", HUGE_PAGE, HUGE_PAGE);
                Mapping _ = host.linux().memory().map(memory, 0, HUGE_PAGE)) { // reserves it
            return Finding.ok(HUGE, "one of 2 MiB was had");
        } catch (ErrnoException e) {
            return Finding.warn(
                    HUGE,
                    "no free one of 2 MiB (" + e.errno() + ")",
                    "sysctl vm.nr_hugepages=N, for --memory hugepages=on and for DPDK");
        }
    }

    private static Finding cgroups(Host host) {
        if (host.text(CGROUP_ROOT + "/cgroup.controllers").isEmpty()) {
            return Finding.warn(
                    CGROUPS, "no version 2 at " + CGROUP_ROOT, "boot with systemd.unified_cgroup_hierarchy=1");
        }
        Optional<String> own = host.text("/proc/self/cgroup")
                .flatMap(all ->
                        all.lines().filter(line -> line.startsWith("0::/")).findFirst())
                .map(line -> line.substring("0::".length()));
        if (own.isEmpty()) {
            return Finding.warn(CGROUPS, "version 2, but this process is in none of its groups", "mount /proc");
        }
        Path child = host.path(CGROUP_ROOT + own.get())
                .resolve("ringfence-doctor-" + ProcessHandle.current().pid());
        try {
            Files.createDirectory(child);
            Files.delete(child);
            return Finding.ok(CGROUPS, "version 2, and this user may make groups below " + own.get());
        } catch (IOException _) {
            return Finding.warn(
                    CGROUPS,
                    "version 2, but this user may make no groups below " + own.get(),
                    "Delegate=yes in the unit, or systemd-run --user --scope -p Delegate=yes, for limits of each VM");
        }
    }

    private static Finding iommu(Host host) {
        try (DirectoryStream<Path> groups = Files.newDirectoryStream(host.path("/sys/kernel/iommu_groups"))) {
            if (groups.iterator().hasNext()) {
                return Finding.ok(IOMMU, "devices are in groups");
            }
        } catch (IOException _) {
            // as one that is off
        }
        return Finding.warn(
                IOMMU,
                "off, or there is none",
                "switch it on in the firmware, boot with intel_iommu=on; for devices that are passed through");
    }
}
