package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is wrong with a machine: with each of its parts, and between them. One thread. */
final class VmProblems {
    private final VmConfig config;
    private final List<Problem> problems = new ArrayList<>();
    private final Set<String> ids = new HashSet<>();
    private final Set<PciPlace> places = new HashSet<>();

    private VmProblems(VmConfig config) {
        this.config = config;
    }

    /** All of it, on a host like this, in the order of the parts; empty: it can be run. */
    static List<Problem> of(VmConfig config, HostLimits host) {
        VmProblems all = new VmProblems(config);
        all.machine(host);
        all.devices();
        all.onlyOnes();
        all.checkFds();
        all.checkTags();
        all.checkSegments();
        return all.problems;
    }

    private void machine(HostLimits host) {
        problems.addAll(config.payload().problems());
        problems.addAll(config.cpus().problems(host));
        problems.addAll(config.memory().problems(host));
        config.balloon()
                .ifPresent(one -> problems.addAll(one.problems(config.memory().size())));
        problems.addAll(config.platform().problems());
        problems.addAll(config.rng().problems());
        problems.addAll(config.serial().problems("--serial"));
        problems.addAll(config.console().problems("--console"));
        problems.addAll(config.debugConsole().problems());
    }

    private void devices() {
        for (DiskConfig disk : config.disks()) {
            check("--disk", disk.id(), disk.place(), disk.problems(config.cpus()));
        }
        for (NetConfig net : config.nets()) {
            check("--net", net.id(), net.place(), net.problems(config.cpus()));
        }
        for (FsConfig folder : config.fs()) {
            check("--fs", folder.id(), folder.place(), folder.problems(config.cpus()));
        }
        for (GenericConfig generic : config.generics()) {
            check("--generic-vhost-user", generic.id(), generic.place(), generic.problems());
        }
        config.vsock().ifPresent(one -> check("--vsock", one.id(), one.place(), new ArrayList<>()));
        for (PmemConfig file : config.pmem()) {
            check("--pmem", file.id(), file.place(), new ArrayList<>());
        }
    }

    /** Those that a machine has once at most. */
    private void onlyOnes() {
        if (config.console().mode() != ConsoleMode.OFF) {
            ConsoleConfig console = config.console();
            checkOnly("--console", console.id(), ConsoleConfig.ID, console.place());
        }
        checkOnly("--rng", config.rng().id(), RngConfig.ID, config.rng().place());
        config.balloon().ifPresent(one -> checkOnly("--balloon", one.id(), BalloonConfig.ID, one.place()));
    }

    private void checkOnly(String flag, String id, String usual, PciPlace place) {
        if (!id.equals(usual) || !place.equals(PciPlace.ANY)) {
            List<Problem> own = new ArrayList<>();
            place.check(config.platform().numPciSegments(), own);
            own.forEach(problem -> problems.add(problem.of(flag)));
            if (!id.equals(usual)) {
                checkName(flag, id);
            }
            checkPlace(flag, place);
        }
    }

    /** Names and places are unique. */
    private void check(String flag, String id, PciPlace place, List<Problem> own) {
        place.check(config.platform().numPciSegments(), own);
        for (Problem problem : own) {
            problems.add(problem.of(flag + " " + id));
        }
        checkName(flag, id);
        checkPlace(flag + " " + id, place);
    }

    private void checkName(String flag, String id) {
        if (!ids.add(id)) {
            problems.add(new Problem(flag + " id", "'" + id + "' is given twice: choose another one", true));
        }
        if (id.startsWith("__")) {
            problems.add(new Problem(flag + " id", "'" + id + "' is reserved: choose one that begins with a letter"));
        }
    }

    private void checkPlace(String device, PciPlace place) {
        if (place.device().isPresent() && !places.add(place)) {
            problems.add(new Problem(
                    device + " pci_device_id", place.device().getAsInt() + " is taken: choose another one"));
        }
    }

    /** A descriptor of a tap serves one pair of queues of one device. */
    private void checkFds() {
        Set<Integer> taken = new HashSet<>();
        for (NetConfig net : config.nets()) {
            if (net.backend() instanceof NetBackend.Descriptors(List<Integer> fds)) {
                for (int fd : Set.copyOf(fds)) {
                    if (!taken.add(fd)) {
                        problems.add(
                                new Problem("--net " + net.id() + " fd", fd + " is another device's: give its own"));
                    }
                }
            }
        }
    }

    /** A guest mounts by the tag: two of one name would leave it to chance which. */
    private void checkTags() {
        Set<String> taken = new HashSet<>();
        for (FsConfig folder : config.fs()) {
            if (!taken.add(folder.tag())) {
                problems.add(new Problem(
                        "--fs " + folder.id() + " tag", "'" + folder.tag() + "' is given twice: choose another one"));
            }
        }
    }

    /** Of each segment that there is, its share is said once. */
    private void checkSegments() {
        Set<Integer> said = new HashSet<>();
        for (PciSegmentConfig share : config.pciSegments()) {
            List<Problem> own = new ArrayList<>();
            PciPlace.ANY.on(share.segment()).check(config.platform().numPciSegments(), own);
            own.forEach(problem -> problems.add(problem.of("--pci-segment")));
            if (!said.add(share.segment())) {
                problems.add(new Problem(
                        "--pci-segment pci_segment", share.segment() + " is given twice: say all of it once"));
            }
        }
    }
}
