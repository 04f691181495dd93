package ringfence.vmm.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import ringfence.linux.FileRight;
import ringfence.linux.Linux;
import ringfence.process.BadInputException;
import ringfence.process.RuntimeFolder;
import ringfence.sandbox.BoxedProcess;
import ringfence.sandbox.FileRules;
import ringfence.sandbox.FolderRights;
import ringfence.sandbox.PathRule;
import ringfence.vmm.config.ConsoleConfig;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsBackend;
import ringfence.vmm.config.LandlockRule;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.event.JournalSink;

/**
 * {@code --landlock}: the VMM becomes itself once more, under the same number, and reaches by name what its options name, and
 * nothing else; nor do its daemons. It cannot bind itself as it is, for Landlock binds the thread that asks, and a Java
 * runtime has a dozen.
 */
final class OwnBox {
    /** Has the number of the process that is in it, by which that one knows. */
    private static final String VARIABLE = "RINGFENCE_LANDLOCK";

    private static final Set<FileRight> READ = Set.of(FileRight.READ_FILE, FileRight.READ_DIR);
    private static final Set<FileRight> WRITE =
            EnumSet.complementOf(EnumSet.of(FileRight.READ_FILE, FileRight.READ_DIR, FileRight.EXECUTE));
    private static final Set<FileRight> DEVICE = Set.of(FileRight.READ_FILE, FileRight.WRITE_FILE, FileRight.IOCTL_DEV);
    /** To make sockets, files and their locks, and to remove those that are left. */
    private static final Set<FileRight> MAKE = Set.of(
            FileRight.READ_FILE,
            FileRight.WRITE_FILE,
            FileRight.TRUNCATE,
            FileRight.MAKE_REG,
            FileRight.MAKE_SOCK,
            FileRight.MAKE_SYM,
            FileRight.REMOVE_FILE);

    private OwnBox() {}

    /** Whether this process is in it. */
    static boolean isEntered(Linux linux) {
        return Integer.toString(linux.processes().pid()).equals(System.getenv(VARIABLE));
    }

    /**
     * Enters it, and does not return.
     *
     * @param command how this program is called, and its verb
     * @param words its arguments
     * @throws BadInputException one line that names the flag
     */
    static void enter(Linux linux, String command, List<String> words, Arguments given, VmArguments arguments) {
        if (linux.confinement().landlockAbi() < FileRules.LEAST_ABI) {
            throw refused("this kernel has no Landlock, or none of Linux 5.19 or newer");
        }
        String home = System.getProperty("ringfence.home");
        if (home == null) {
            throw refused("only the installed program can start itself anew");
        }
        List<String> line = new ArrayList<>(List.of(command.split(" ", -1)));
        Path program = Path.of(home, "bin", line.getFirst());
        line.set(0, program.toString());
        line.addAll(words);
        List<PathRule> rules = new ArrayList<>(rules(Path.of(home), arguments));
        given.value(Flags.CONFIG).ifPresent(path -> rules.add(new PathRule(path, READ)));
        folders(linux).forEach(folder -> rules.add(FolderRights.ofFolder(folder.toString(), false)));
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put(VARIABLE, Integer.toString(linux.processes().pid()));
        throw refused(BoxedProcess.become(linux, line, environment, new FileRules(Path.of(home), program, rules))
                .getMessage());
    }

    private static BadInputException refused(String why) {
        return new BadInputException(
                Flags.LANDLOCK + ": " + why + ": leave it out, and let who starts us confine us (systemd)");
    }

    /** Where programs of a user leave things for each other; there from now on, so that a rule can name them. */
    private static List<Path> folders(Linux linux) {
        int user = linux.processes().effectiveUser();
        List<Path> folders = new ArrayList<>(List.of(RuntimeFolder.ofUnit(user == 0), RuntimeFolder.ofUser(user)));
        JournalSink.folder(linux).ifPresent(folders::add);
        try {
            for (Path folder : folders) {
                RuntimeFolder.make(folder);
            }
        } catch (IOException e) {
            throw new BadInputException("cannot make the runtime directory: " + e.getMessage(), e);
        }
        return folders;
    }

    /** All but where the programs of a user meet. What is not there is no rule. */
    static List<PathRule> rules(Path home, VmArguments arguments) {
        List<PathRule> rules = new ArrayList<>();
        Stream.of(home.resolve("bin").toString(), home.resolve("lib/last-will").toString(), "/bin/rm")
                .forEach(path -> rules.add(PathRule.of(path, FileRight.READ_FILE, FileRight.EXECUTE)));
        Stream.of("/sys", "/etc/passwd", "/etc/nsswitch.conf", "/etc/localtime", "/usr/share/zoneinfo")
                .forEach(path -> rules.add(new PathRule(path, READ)));
        Stream.of("/dev/kvm", "/dev/net/tun", "/dev/ptmx", "/dev/pts", "/dev/tty")
                .forEach(path -> rules.add(new PathRule(path, DEVICE)));
        arguments.apiSocket().flatMap(ApiSocket::path).ifPresent(path -> rules.add(besides(path)));
        arguments.eventMonitor().flatMap(monitor -> monitor.path()).ifPresent(path -> rules.add(besides(path)));
        arguments.logFile().ifPresent(path -> rules.add(besides(path.toString())));
        arguments.config().ifPresent(config -> machine(config, rules));
        arguments.landlock().orElse(List.of()).forEach(rule -> rules.add(of(rule)));
        return rules;
    }

    private static void machine(VmConfig config, List<PathRule> rules) {
        rules.add(new PathRule(config.payload().kernel(), READ));
        config.payload().initramfs().ifPresent(path -> rules.add(new PathRule(path, READ)));
        rules.add(new PathRule(config.rng().src(), READ));
        for (DiskConfig disk : config.disks()) {
            if (disk.backend() instanceof DiskConfig.Backend.Image(String path)) {
                rules.add(file(path, disk.readonly()));
            }
        }
        config.pmem().forEach(pmem -> rules.add(file(pmem.file(), pmem.discardWrites())));
        config.fs().forEach(fs -> {
            if (fs.backend() instanceof FsBackend.Folder folder) {
                rules.add(FolderRights.ofFolder(folder.path(), folder.readonly()));
            }
        });
        config.vsock().ifPresent(vsock -> rules.add(besides(vsock.socket())));
        Stream.of(config.serial(), config.console(), config.debugConsole().output())
                .forEach(console -> console(console).ifPresent(path -> rules.add(besides(path))));
    }

    private static Optional<String> console(ConsoleConfig console) {
        return switch (console.mode()) {
            case FILE -> console.file();
            case SOCKET -> console.socket();
            case OFF, NULL, PTY, TTY -> Optional.empty();
        };
    }

    private static PathRule file(String path, boolean readonly) {
        return new PathRule(path, readonly ? Set.of(FileRight.READ_FILE, FileRight.IOCTL_DEV) : DEVICE);
    }

    /** Of what we make: in its folder, for a rule is of something that is there. */
    private static PathRule besides(String path) {
        return new PathRule(Path.of(path).toAbsolutePath().getParent().toString(), MAKE);
    }

    private static PathRule of(LandlockRule rule) {
        Set<FileRight> rights = EnumSet.noneOf(FileRight.class);
        if (rule.access() != LandlockRule.Access.W) {
            rights.addAll(READ);
        }
        if (rule.access() != LandlockRule.Access.R) {
            rights.addAll(WRITE);
        }
        return new PathRule(rule.path(), rights);
    }
}
