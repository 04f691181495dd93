package ringfence.vmm.machine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import ringfence.linux.Fd;
import ringfence.process.SeccompFlag;
import ringfence.sandbox.Box;
import ringfence.vmm.config.Affinity;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsBackend;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.HostProgram;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.RateLimiterConfig;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.supervise.Companion;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.DaemonCommand;
import ringfence.vmm.supervise.RuntimeDirectory;

/** What a device's configuration means for the daemon that serves it: its options, and its box. */
final class DaemonCommands {
    private static final String PASST = "passt";

    /** After so long without a VM a switch ends: long enough for all of them to be started anew. */
    private static final int UNUSED_SECONDS = 60;

    private final RuntimeOptions options;
    private final DaemonBoxes boxes;
    private final RuntimeDirectory directory;

    /** @param directory in which files are made that daemons are given by name */
    DaemonCommands(RuntimeOptions options, DaemonBoxes boxes, RuntimeDirectory directory) {
        this.options = options;
        this.boxes = boxes;
        this.directory = directory;
    }

    /** A disk's. @param path of its image */
    DaemonCommand disk(DiskConfig disk, String path) {
        Path fence = directory.makeFence(disk.id());
        List<String> arguments = arguments(
                "--blk-file=" + path,
                "--num-queues=" + disk.numQueues(),
                "--queue-size=" + disk.queueSize(),
                "--fence=" + fence);
        arguments.add(disk.readonly() ? "--read-only" : "--resizable");
        if (disk.direct()) {
            arguments.add("--direct");
        }
        if (disk.plainCalls()) {
            arguments.add("--io-engine=plain");
        }
        disk.serial().ifPresent(serial -> arguments.add("--serial=" + serial));
        if (!disk.sparse()) {
            arguments.add("--preallocate");
        }
        if (disk.lock() == DiskConfig.LockGranularity.FULL) {
            arguments.add("--lock-granularity=" + disk.lock().word());
        }
        for (Affinity pin : disk.queueAffinity()) {
            StringJoiner cpus = new StringJoiner(",", "--queue-cpus=" + pin.index() + "@", "");
            pin.hostCpus().forEach(cpu -> cpus.add(Integer.toString(cpu)));
            arguments.add(cpus.toString());
        }
        Path program = options.program("vhost-user-blk");
        return new DaemonCommand(
                disk.id(),
                Optional.of(path),
                program,
                arguments,
                boxes.disk(program, path, disk.readonly(), fence),
                List.of(),
                Optional.empty(),
                disk.upkeep().keepsStandby());
    }

    /** A shared folder's. */
    DaemonCommand folder(FsConfig fs, FsBackend.Folder folder) {
        List<String> arguments = arguments(
                "--shared-dir=" + folder.path(),
                "--tag=" + fs.tag(),
                "--cache=" + folder.cache().word(),
                "--inode-file-handles=prefer",
                "--num-request-queues=" + fs.numQueues(),
                "--queue-size=" + fs.queueSize());
        if (folder.readonly()) {
            arguments.add("--readonly");
        }
        if (folder.xattr()) {
            arguments.add("--xattr");
        }
        if (folder.acl()) {
            arguments.add("--posix-acl");
        }
        if (folder.locks()) {
            arguments.addAll(List.of("--posix-lock", "--flock"));
        }
        Path program = options.program("vhost-user-fs");
        return new DaemonCommand(
                fs.id(),
                Optional.of(folder.path()),
                program,
                arguments,
                boxes.folder(program, folder.path(), folder.readonly()),
                List.of(),
                Optional.empty(),
                fs.upkeep().keepsStandby());
    }

    /** That of a network device which opens the tap itself, and so needs the one privilege that this takes. */
    DaemonCommand tap(NetConfig net, NetBackend.Tap tap) {
        Optional<Path> limits = limits(net);
        List<String> arguments = netArguments(net, limits);
        arguments.add("--backend=tap" + tap.name().map(name -> "=" + name).orElse(""));
        tap.address().ifPresent(address -> arguments.add("--ip=" + address));
        tap.hostMac().ifPresent(mac -> arguments.add("--host-mac=" + mac));
        Box box = boxes.tap(netProgram(), tap.address().isPresent(), limits);
        return net(net, arguments, box, List.of(), Optional.empty());
    }

    /** That of a network device which gets the tap's queues, and needs no privilege at all. @param fds they stay the caller's */
    DaemonCommand descriptors(NetConfig net, List<Fd> fds) {
        Optional<Path> limits = limits(net);
        List<String> arguments = netArguments(net, limits);
        StringJoiner backend = new StringJoiner(":", "--backend=fd=", "");
        for (int i = 0; i < fds.size(); i++) {
            backend.add(Integer.toString(DaemonCommand.FIRST_FD + i));
        }
        arguments.add(backend.toString());
        return net(net, arguments, boxes.net(netProgram(), limits), fds, Optional.empty());
    }

    /** That of a network device with a passt of its own, which ends with it: neither needs a privilege. */
    DaemonCommand withPasst(NetConfig net) {
        Optional<Path> limits = limits(net);
        List<String> arguments = netArguments(net, limits);
        arguments.add("--backend=passt=fd=" + DaemonCommand.FIRST_FD);
        Path program = HostProgram.find(PASST, System.getenv("PATH")).orElse(Path.of(PASST));
        Companion passt = new Companion(
                program, List.of("--foreground", "--quiet", "--one-off", "--fd", Integer.toString(Companion.SOCKET)));
        return net(net, arguments, boxes.net(netProgram(), limits), List.of(), Optional.of(passt));
    }

    private DaemonCommand net(
            NetConfig net, List<String> arguments, Box box, List<Fd> fds, Optional<Companion> companion) {
        return new DaemonCommand(
                net.id(),
                Optional.empty(),
                netProgram(),
                arguments,
                box,
                fds,
                companion,
                net.upkeep().keepsStandby());
    }

    /** The options of a switch, which has to do for whoever comes, whatever this VM may want of it. */
    List<String> ofSwitch(Path counters) {
        return arguments(
                "--backend=switch",
                "--ports=" + NetBackend.Switch.PORTS,
                "--queue-pairs=" + NetBackend.Switch.PAIRS,
                "--queue-size=" + NetBackend.Switch.QUEUE_SIZE,
                "--exit-when-unused=" + UNUSED_SECONDS,
                "--counters=" + counters);
    }

    /** The program that serves network devices. */
    Path netProgram() {
        return options.program("vhost-user-net");
    }

    /** The file of its limits, if it has any. */
    private Optional<Path> limits(NetConfig net) {
        return net.limits()
                .map(RateLimiterConfig::keys)
                .map(keys -> directory.limits(net.id(), "rx=" + keys + "\ntx=" + keys + "\n"));
    }

    private List<String> netArguments(NetConfig net, Optional<Path> limits) {
        List<String> arguments = arguments("--queue-pairs=" + net.pairs(), "--queue-size=" + net.queueSize());
        net.mac().ifPresent(mac -> arguments.add("--mac=" + mac));
        net.mtu().ifPresent(mtu -> arguments.add("--mtu=" + mtu));
        limits.ifPresent(file -> arguments.add("--limits=" + file));
        return arguments;
    }

    /** These, and what all daemons are told; more may be added. */
    private List<String> arguments(String... own) {
        List<String> all = new ArrayList<>(List.of(own));
        SeccompFlag.argument(options.filters()).ifPresent(all::add);
        return all;
    }
}
