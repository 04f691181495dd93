package ringfence.vmm.supervise;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import ringfence.linux.AddressFamily;
import ringfence.linux.Capability;
import ringfence.linux.FileRight;
import ringfence.linux.Linux;
import ringfence.linux.Namespace;
import ringfence.process.Log;
import ringfence.sandbox.Box;
import ringfence.sandbox.BoxedProcess;
import ringfence.sandbox.FileRules;
import ringfence.sandbox.FilterMode;
import ringfence.sandbox.FolderRights;
import ringfence.sandbox.Need;
import ringfence.sandbox.PathRule;
import ringfence.sandbox.Streams;
import ringfence.sandbox.SyscallFilter;

/** What each daemon that we start is confined to: what its work takes, and nothing else. See docs/confinement.md. */
public final class DaemonBoxes {
    private static final Log LOG = Log.of("sandbox");

    /** An image may be anybody's; its daemon needs nothing else of root's. */
    private static final Set<Capability> IMAGE_PRIVILEGES = Set.of(Capability.DAC_OVERRIDE);

    /** To open a tap, and to set it up. */
    private static final Set<Capability> TAP_PRIVILEGES = Set.of(Capability.NET_ADMIN);

    private static final Set<Namespace> ALONE = Set.of(Namespace.MOUNT, Namespace.NETWORK, Namespace.IPC);

    /** A tap is of the host's network. */
    private static final Set<Namespace> ON_THE_HOSTS_NETWORK = Set.of(Namespace.MOUNT, Namespace.IPC);

    /** A folder's files are handed from daemon to daemon, and one that has no name can be given one by its own mount only. */
    private static final Set<Namespace> ON_THE_HOSTS_MOUNTS = Set.of(Namespace.NETWORK, Namespace.IPC);

    private static final String TAPS = "/dev/net/tun";

    private final Path home;
    private final FilterMode mode;
    private final boolean known;

    private DaemonBoxes(Path home, FilterMode mode, boolean known) {
        this.home = home;
        this.mode = mode;
        this.known = known;
    }

    /** Boxes for programs of which nothing is known: they take privileges only. */
    public static DaemonBoxes ofPrivileges() {
        return new DaemonBoxes(Path.of("/"), FilterMode.FALSE, false);
    }

    /**
     * Boxes for the programs of a tree. Where there is no Landlock, or there are no namespaces, or no mounts, a line in the log says so.
     *
     * @param mode what becomes of a forbidden system call
     */
    public static DaemonBoxes of(Linux linux, Path home, FilterMode mode) {
        if (linux.confinement().landlockAbi() < FileRules.LEAST_ABI) {
            LOG.warn("this kernel has no Landlock, or none of Linux 5.19 or newer:"
                    + " a daemon is not kept from files that its user may open");
        }
        if (linux.processes().effectiveUser() != 0) {
            LOG.info("started by an ordinary user: daemons share our namespaces");
        } else if (!BoxedProcess.givesTrees(linux)) {
            LOG.warn("we may not mount, as with --landlock, or in a container without CAP_SYS_ADMIN:"
                    + " daemons have no tree of files of their own");
        }
        return new DaemonBoxes(home, mode, true);
    }

    /** Of a disk's daemon. @param fence its lock file, which must be there already */
    public Box disk(Path program, String image, boolean readonly, Path fence) {
        Set<FileRight> rights = EnumSet.of(FileRight.READ_FILE, FileRight.IOCTL_DEV);
        if (!readonly) {
            rights.add(FileRight.WRITE_FILE);
            rights.add(FileRight.TRUNCATE); // vm.resize-disk
        }
        List<PathRule> rules = List.of(
                new PathRule(image, rights), PathRule.of(fence.toString(), FileRight.READ_FILE, FileRight.WRITE_FILE));
        var filter = filter(Set.of(Need.RINGS), Set.of(AddressFamily.UNIX), Streams.NONE);
        return box(ALONE, program, IMAGE_PRIVILEGES, filter, rules);
    }

    /**
     * Of a network device's daemon that opens a tap.
     *
     * @param addressed whether it gives the tap an address, which takes a socket of that family
     * @param limits the file of its limits; it is replaced as they change, so its folder counts
     */
    public Box tap(Path program, boolean addressed, Optional<Path> limits) {
        List<PathRule> rules = new ArrayList<>(ofLimits(limits));
        rules.add(PathRule.of(TAPS, FileRight.READ_FILE, FileRight.WRITE_FILE, FileRight.IOCTL_DEV));
        Set<AddressFamily> families = addressed
                ? Set.of(AddressFamily.UNIX, AddressFamily.INET, AddressFamily.INET6)
                : Set.of(AddressFamily.UNIX);
        return box(ON_THE_HOSTS_NETWORK, program, TAP_PRIVILEGES, filter(Set.of(), families, Streams.NONE), rules);
    }

    /** Of a network device's daemon that is given all that it works with. @param limits as for {@link #tap} */
    public Box net(Path program, Optional<Path> limits) {
        return box(
                ALONE, program, Set.of(), filter(Set.of(), Set.of(AddressFamily.UNIX), Streams.NONE), ofLimits(limits));
    }

    /** Of a switch. @param folder where its socket is */
    public Box ofSwitch(Path program, Path folder) {
        PathRule rule = PathRule.of(
                folder.toString(),
                FileRight.READ_FILE,
                FileRight.WRITE_FILE,
                FileRight.READ_DIR,
                FileRight.TRUNCATE,
                FileRight.MAKE_REG,
                FileRight.MAKE_SOCK,
                FileRight.REMOVE_FILE);
        return box(
                ALONE, program, Set.of(), filter(Set.of(), Set.of(AddressFamily.UNIX), Streams.AWAITED), List.of(rule));
    }

    /** Of a shared folder's daemon. One of root's opens files by their handles. */
    public Box folder(Path program, String path, boolean readonly) {
        var filter = filter(Set.of(Need.FOLDERS), Set.of(AddressFamily.UNIX), Streams.NONE);
        List<PathRule> rules = List.of(FolderRights.ofFolder(path, readonly));
        return box(ON_THE_HOSTS_MOUNTS, program, FolderRights.PRIVILEGES, filter, rules);
    }

    private static List<PathRule> ofLimits(Optional<Path> limits) {
        return limits
                .map(file -> PathRule.of(file.getParent().toString(), FileRight.READ_FILE, FileRight.READ_DIR))
                .stream()
                .toList();
    }

    private Optional<SyscallFilter> filter(Set<Need> needs, Set<AddressFamily> families, Streams streams) {
        return SyscallFilter.of(mode, needs, families, streams);
    }

    private Box box(
            Set<Namespace> namespaces,
            Path program,
            Set<Capability> privileges,
            Optional<SyscallFilter> filter,
            List<PathRule> rules) {
        return known
                ? new Box(namespaces, privileges, filter, Optional.of(new FileRules(home, program, rules)))
                : Box.ofPrivileges(privileges);
    }
}
