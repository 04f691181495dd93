package ringfence.vmm.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import ringfence.linux.Capability;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Sockets;
import ringfence.linux.Stat;
import ringfence.process.RuntimeFolder;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsBackend;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.HostLimits;
import ringfence.vmm.config.HostProgram;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.PmemConfig;
import ringfence.vmm.config.Problem;
import ringfence.vmm.config.VmConfig;

/** What can be seen on the host before anything is started: files, paths of sockets, the size of memory. */
final class HostChecks {
    private static final int SECTOR = 512;
    private static final int OTHERS_EXECUTE = 1;
    private static final int OTHERS_READ_AND_WRITE = 6;

    private final Linux linux;
    private final List<Problem> problems = new ArrayList<>();

    private HostChecks(Linux linux) {
        this.linux = linux;
    }

    /** All that is wrong with the arguments on this host. How many vCPUs KVM gives is not asked here. */
    static List<Problem> of(Linux linux, VmArguments arguments) {
        HostChecks checks = new HostChecks(linux);
        arguments.config().ifPresent(config -> {
            checks.problems.addAll(config.problems(limits(linux)));
            checks.parts(config);
        });
        arguments.daemonUsers().ifPresent(_ -> checks.daemonUsers(arguments.config()));
        arguments.landlock().orElse(List.of()).forEach(rule -> checks.rule(rule.path()));
        arguments.eventMonitor().ifPresent(monitor -> checks.problems.addAll(monitor.problems()));
        arguments.apiSocket().ifPresent(api -> {
            api.path().ifPresent(path -> checks.socket(Flags.API_SOCKET, path));
            api.fd().ifPresent(fd -> checks.listener(Flags.API_SOCKET + " fd", fd));
        });
        return checks.problems;
    }

    /** What a machine may have here; how many vCPUs is not asked. */
    static HostLimits limits(Linux linux) {
        return new HostLimits(Integer.MAX_VALUE, linux.memory().physicalMemory());
    }

    /** What is wrong on this host with the parts that a machine is made of. */
    static List<Problem> ofParts(Linux linux, VmConfig config) {
        HostChecks checks = new HostChecks(linux);
        checks.parts(config);
        return checks.problems;
    }

    private void parts(VmConfig config) {
        if (!config.payload().kernel().isEmpty()) {
            file("--kernel", config.payload().kernel());
        }
        config.payload().initramfs().ifPresent(path -> file("--initramfs", path));
        config.disks().forEach(this::disk);
        config.nets().forEach(this::net);
        config.fs().forEach(this::fs);
        config.pmem().forEach(this::pmem);
        config.generics()
                .forEach(generic -> socket("--generic-vhost-user " + generic.id() + " socket", generic.socket()));
        config.vsock().ifPresent(vsock -> socket("--vsock socket", vsock.socket()));
        config.serial().socket().ifPresent(path -> socket(Flags.SERIAL + " socket", path));
        config.console().socket().ifPresent(path -> socket(Flags.CONSOLE + " socket", path));
    }

    /** Who may give daemons users of their own, and whether those come to what they start with. */
    private void daemonUsers(Optional<VmConfig> config) {
        if (linux.processes().effectiveUser() != 0
                || !Stream.of(Capability.CHOWN, Capability.SETGID, Capability.SETUID)
                        .allMatch(linux.credentials()::has)) {
            problems.add(new Problem(
                    Flags.DAEMON_UIDS,
                    "only root, with CAP_CHOWN, CAP_SETGID and CAP_SETUID, gives daemons users of their own: leave it"
                            + " out, or start us as root"));
            return;
        }
        Path programs = Path.of(System.getProperty("ringfence.home", ".")).resolve("bin");
        forOthers(programs, OTHERS_EXECUTE);
        forOthers(RuntimeFolder.ofUnit(true).getParent(), OTHERS_EXECUTE);
        if (config.stream()
                .flatMap(all -> all.nets().stream())
                .anyMatch(net -> net.backend() instanceof NetBackend.Tap)) {
            forOthers(Path.of("/dev/net/tun"), OTHERS_READ_AND_WRITE);
        }
    }

    /** Other users may do that with a file, and pass the folders above it. */
    private void forOthers(Path path, int rights) {
        Path file = path.toAbsolutePath().normalize();
        int needed = rights;
        for (Path at = file; at != null; at = at.getParent()) {
            try (Fd opened = linux.files().open(at.toString(), OpenFlag.PATH)) {
                int mode = linux.files().stat(opened).mode();
                if ((mode & needed) != needed) {
                    problems.add(new Problem(
                            Flags.DAEMON_UIDS,
                            "daemons of other users cannot reach " + file + ": " + at
                                    + " is closed to them, let them in" + " (chmod o+"
                                    + (needed == OTHERS_EXECUTE ? "x" : "rw") + ")"));
                    return;
                }
            } catch (ErrnoException _) {
                return; // not there: who needs it says so
            }
            needed = OTHERS_EXECUTE;
        }
    }

    private void file(String option, String path) {
        stat(option, path).ifPresent(stat -> {
            if (!stat.isRegular()) {
                problems.add(new Problem(option, path + " is no regular file: name one"));
            }
        });
    }

    /** Without a pattern switch: linking one costs some ms, and this is on the way to the first instruction. */
    private void disk(DiskConfig disk) {
        String option = "--disk " + disk.id();
        if (disk.backend() instanceof DiskConfig.Backend.Socket socket) {
            socket(option + " socket", socket.path());
        } else if (disk.backend() instanceof DiskConfig.Backend.Image image) {
            image(option, image.path(), disk.imageType().isEmpty());
        }
    }

    private void pmem(PmemConfig pmem) {
        String option = "--pmem " + pmem.id();
        try (Fd file = linux.files().open(pmem.file(), OpenFlag.RDONLY, OpenFlag.NONBLOCK)) {
            Stat stat = linux.files().stat(file);
            if (stat.isRegular() || stat.isBlockDevice()) {
                for (Problem problem : pmem.problems(linux.files().size(file))) {
                    problems.add(new Problem(option + " " + problem.option(), problem.text()));
                }
            } else {
                problems.add(new Problem(
                        option + " file", pmem.file() + " is neither a regular file nor a block device: name one"));
            }
        } catch (ErrnoException e) {
            problems.add(new Problem(option + " file", pmem.file() + ": " + why(e.errno(), pmem.file())));
        }
    }

    private void net(NetConfig net) {
        String option = "--net " + net.id();
        if (net.backend() instanceof NetBackend.Socket socket) {
            socket(option + " socket", socket.path());
        } else if (net.backend() instanceof NetBackend.Descriptors descriptors) {
            descriptors.fds().forEach(fd -> tap(option + " fd", fd));
        } else if (net.backend() instanceof NetBackend.Passt
                && HostProgram.find("passt", System.getenv("PATH")).isEmpty()) {
            problems.add(new Problem(option + " passt", "passt is not installed: apt install passt, or give a tap"));
        } else if (net.backend() instanceof NetBackend.Passt && OwnBox.isEntered(linux)) {
            problems.add(new Problem(
                    option + " passt",
                    "passt mounts a root of its own, which " + Flags.LANDLOCK + " does not allow: give a tap"));
        }
    }

    private void fs(FsConfig fs) {
        String option = "--fs " + fs.id();
        if (fs.backend() instanceof FsBackend.Socket socket) {
            socket(option + " socket", socket.path());
        } else if (fs.backend() instanceof FsBackend.Folder folder) {
            folder(option + " path", folder.path());
        }
    }

    /** A folder that we may list and go into; so may a daemon of ours. */
    private void folder(String option, String path) {
        try (Fd _ = linux.files().open(path, OpenFlag.RDONLY, OpenFlag.DIRECTORY);
                Fd _ = linux.files().open(path + "/.", OpenFlag.PATH)) {
            return; // it can be served
        } catch (ErrnoException e) {
            String why = switch (e.errno()) {
                case ENOENT -> "no such folder: check the path";
                case ENOTDIR -> "no folder: name one, the guest sees what is in it";
                case EACCES, EPERM ->
                    "no permission to read it: check its mode and that of the folders above it" + rules(path);
                default -> e.errno().text();
            };
            problems.add(new Problem(option, path + ": " + why));
        }
    }

    private void tap(String option, int number) {
        handed(
                option,
                number,
                fd -> linux.files().stat(fd).isCharacterDevice(),
                "is no tap: open /dev/net/tun, or the /dev/tap of a macvtap, and hand that over");
    }

    private void listener(String option, int number) {
        handed(
                option,
                number,
                linux.sockets()::isListener,
                "is no Unix socket that listens: bind(2) one and let it listen(2) before it is handed over");
    }

    private void handed(String option, int number, Predicate<Fd> fits, String otherwise) {
        try (Fd fd = linux.files().duplicate(number)) {
            if (!fits.test(fd)) {
                problems.add(new Problem(option, number + " " + otherwise));
            }
        } catch (ErrnoException e) {
            problems.add(new Problem(option, number + " is not open: let whoever starts the VMM hand it over"));
        }
    }

    /** @param guess whether nobody has said that it is raw */
    private void image(String option, String path, boolean guess) {
        try (Fd file = linux.files().open(path, OpenFlag.RDONLY, OpenFlag.NONBLOCK)) {
            Stat stat = linux.files().stat(file);
            if (!stat.isRegular() && !stat.isBlockDevice()) {
                problems.add(new Problem(option, path + " is neither a regular file nor a block device"));
                return;
            }
            String format =
                    guess ? ImageFormat.of(linux.files(), file, linux.files().size(file)) : "";
            if (!format.isEmpty()) {
                problems.add(new Problem(
                        option + " path",
                        path + " seems to be a " + format + " image, and would be destroyed: convert it with qemu-img"
                                + " convert -O raw, or say image_type=raw if that is what the guest is to see"));
            } else if (stat.isRegular() && stat.size() % SECTOR != 0) {
                problems.add(new Problem(
                        option,
                        path + " has " + stat.size() + " bytes, no multiple of " + SECTOR
                                + ": extend it with truncate -s %" + SECTOR + " " + path));
            }
        } catch (ErrnoException e) {
            problems.add(new Problem(option + " path", path + ": " + why(e.errno(), path)));
        }
    }

    private void socket(String option, String path) {
        int length = path.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
        if (length == 0 || length > Sockets.MAX_PATH) {
            problems.add(new Problem(
                    option,
                    "a path of " + length + " bytes, 1 to " + Sockets.MAX_PATH
                            + " are possible: choose a shorter one"));
        }
    }

    private Optional<Stat> stat(String option, String path) {
        try (Fd file = linux.files().open(path, OpenFlag.RDONLY, OpenFlag.NONBLOCK)) {
            return Optional.of(linux.files().stat(file));
        } catch (ErrnoException e) {
            problems.add(new Problem(option, path + ": " + why(e.errno(), path)));
            return Optional.empty();
        }
    }

    /** What a rule names is there, or there is no rule. */
    private void rule(String path) {
        try (Fd _ = linux.files().open(path, OpenFlag.PATH)) {
            return;
        } catch (ErrnoException e) {
            problems.add(new Problem(Flags.LANDLOCK_RULES + " path", path + ": " + why(e.errno(), path)));
        }
    }

    private String why(Errno errno, String path) {
        return switch (errno) {
            case ENOENT -> "no such file: check the path";
            case EACCES, EPERM -> "no permission to read it: check its mode and its folders'" + rules(path);
            default -> errno.text();
        };
    }

    private String rules(String path) {
        return OwnBox.isEntered(linux)
                ? ", or allow it by " + Flags.LANDLOCK_RULES + " path=" + path + ",access=rw"
                : "";
    }
}
