package ringfence.vmm.observe;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringfence.linux.Linux;
import ringfence.process.RuntimeFolder;
import ringfence.telemetry.CountersReading;
import ringfence.telemetry.PortOwner;
import ringfence.vmm.supervise.RuntimeDirectory;

/** Finds the VMs of this user, or as root all of this host's. It waits for nobody. */
public final class VmFinder {
    private static final Pattern DIRECTORY = Pattern.compile(RuntimeDirectory.PREFIX + "([0-9]{1,10})");

    private final Linux linux;
    private final List<Path> own;
    private final Path run;
    private final boolean root;

    /** In the usual places. */
    public VmFinder(Linux linux) {
        this(linux, own(linux.processes().effectiveUser()), Path.of("/run"));
    }

    /** @param own this user's folders @param run where a host's units and sessions have theirs */
    VmFinder(Linux linux, List<Path> own, Path run) {
        this.linux = linux;
        this.own = own;
        this.run = run;
        root = linux.processes().effectiveUser() == 0;
    }

    private static List<Path> own(int user) {
        return List.of(RuntimeFolder.ofUser(user), RuntimeFolder.ofUnit(user == 0));
    }

    /** Those whose VMM lives, by its process's number; what cannot be read is not ours to see. */
    public List<RunningVm> find() {
        Map<Long, RunningVm> found = new TreeMap<>();
        for (Path folder : folders()) {
            for (Path directory : list(folder, RuntimeDirectory.PREFIX + "*")) {
                read(directory).ifPresent(vm -> found.put(vm.pid(), vm));
            }
        }
        return List.copyOf(found.values());
    }

    /** Folders in which VMs have directories: those of units, and for root those of every user's session. */
    private Set<Path> folders() {
        Set<Path> folders = new LinkedHashSet<>(own);
        folders.addAll(list(run.resolve("ringfence-vm"), "*"));
        if (root) {
            for (Path session : list(run.resolve("user"), "*")) {
                folders.add(session.resolve("ringfence"));
            }
        }
        return folders;
    }

    private static List<Path> list(Path folder, String glob) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, glob)) {
            all.forEach(found::add);
        } catch (IOException | DirectoryIteratorException _) {
            // there is none, or it is not ours to see
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    /** A VM's directory; empty: its VMM is dead, or it is something else. */
    private Optional<RunningVm> read(Path directory) {
        Matcher name = DIRECTORY.matcher(directory.getFileName().toString());
        Optional<CountersReading> vmm =
                name.matches() ? counters(directory.resolve(RuntimeDirectory.COUNTERS)) : Optional.empty();
        return vmm.filter(counters -> counters.pid() == Long.parseLong(name.group(1)) && counters.isAlive())
                .map(counters -> new RunningVm(counters, devices(directory, counters)));
    }

    private List<RunningVm.Device> devices(Path directory, CountersReading vmm) {
        return vmm.values().stream()
                .map(CountersReading.Value::owner)
                .filter(owner -> owner.startsWith(RunningVm.DEVICE))
                .map(owner -> owner.substring(RunningVm.DEVICE.length()))
                .distinct()
                .sorted()
                .map(id ->
                        RunningVm.device(vmm, id, ofDaemon(directory, vmm, id).filter(CountersReading::isAlive)))
                .toList();
    }

    /** Behind a link lies a file of others' counters, too. */
    private Optional<CountersReading> ofDaemon(Path directory, CountersReading vmm, String id) {
        Path file = directory.resolve(RuntimeDirectory.countersOf(id));
        if (!Files.isSymbolicLink(file)) {
            return counters(file);
        }
        try {
            Path shared = directory.resolve(Files.readSymbolicLink(file));
            return counters(shared).map(all -> all.of(PortOwner.of(vmm.pid(), vmm.ticks(), id)));
        } catch (IOException _) {
            return Optional.empty(); // it has just gone
        }
    }

    private Optional<CountersReading> counters(Path file) {
        try {
            return Optional.of(CountersReading.of(linux, "counters", file));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }
}
