package ringfence.vmm.machine;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.StringJoiner;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import ringfence.linux.Capability;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.process.BadInputException;
import ringfence.process.Log;
import ringfence.process.SeccompFlag;
import ringfence.sandbox.Box;
import ringfence.telemetry.PortOwner;
import ringfence.telemetry.ProcessStat;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.vhostuser.link.SocketLock;
import ringfence.virtio.FsLayout;
import ringfence.vmm.config.Affinity;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsBackend;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.GenericConfig;
import ringfence.vmm.config.HostProgram;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.PmemConfig;
import ringfence.vmm.config.RateLimiterConfig;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VsockConfig;
import ringfence.vmm.device.local.Vsock;
import ringfence.vmm.device.net.NetDevice;
import ringfence.vmm.device.remote.FsSpace;
import ringfence.vmm.device.remote.HangWatch;
import ringfence.vmm.device.remote.ListeningSource;
import ringfence.vmm.device.remote.Profile;
import ringfence.vmm.device.remote.RemoteDevice;
import ringfence.vmm.device.remote.RemoteState;
import ringfence.vmm.device.remote.SocketSource;
import ringfence.vmm.event.Event;
import ringfence.vmm.supervise.Companion;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.DaemonCommand;
import ringfence.vmm.supervise.DaemonUsers;
import ringfence.vmm.supervise.DescriptorStore;
import ringfence.vmm.supervise.RuntimeDirectory;
import ringfence.vmm.supervise.SharedDaemon;
import ringfence.vmm.supervise.SupervisedDaemon;

/**
 * Makes the devices whose work is done elsewhere, and the daemons of those that we serve ourselves. The daemons end after
 * their devices: a device that closes ends the connection, and the connection's end ends the daemon.
 */
final class DaemonStarter implements AutoCloseable {
    private static final Log LOG = Log.of("device");

    private static final String PASST = "passt";

    /** After so long without a VM a switch ends: long enough for all of them to be started anew. */
    private static final int UNUSED_SECONDS = 60;

    private final Linux linux;
    private final RuntimeOptions options;
    private final RuntimeDirectory directory;
    private final MachineProxy proxy;
    private final DaemonBoxes boxes;
    private final Optional<DaemonUsers> users;
    private final HangWatch hangs = new HangWatch();
    private final Map<String, Renewal> renewals = new ConcurrentHashMap<>();
    private int stores; // made so far
    /** What ends with a device: its daemon, and what that was started with. Guarded by itself. */
    private final SequencedMap<String, Deque<Runnable>> ends = new LinkedHashMap<>();

    DaemonStarter(
            Linux linux, RuntimeOptions options, DaemonBoxes boxes, RuntimeDirectory directory, MachineProxy proxy) {
        this.linux = linux;
        this.options = options;
        this.directory = directory;
        this.proxy = proxy;
        this.boxes = boxes;
        users = options.users().map(range -> new DaemonUsers(linux, range));
        if (users.isPresent()) {
            directory.letOthersIn();
        }
    }

    /** A disk. Its daemon, if it is ours, begins to start now. */
    PluggedDevice disk(DiskConfig disk, MemoryTable memory) {
        SocketSource source = disk.backend() instanceof DiskConfig.Backend.Image(String image)
                ? supervised(disk, image)
                : SocketSource.path(linux, disk.backend().path());
        RemoteDevice device = RemoteDevice.of(linux, disk.id(), Profile.block(), source, memory)
                .queues(disk.numQueues(), disk.queueSize())
                .watchedBy(watch(disk.id()))
                .hangs(hangs, disk.upkeep())
                .start();
        renewable(disk.id(), source, device::state, device::handOver);
        return new PluggedDevice(disk.place(), device);
    }

    /** Notes how its daemon can be renewed, if it is ours. */
    private void renewable(String device, SocketSource source, Supplier<RemoteState> state, Runnable handOver) {
        if (source instanceof SupervisedDaemon daemon) {
            renewals.put(device, new Renewal(daemon, state, handOver));
        }
    }

    /** How the daemon of a device is renewed; empty: it has none of ours. */
    Optional<Renewal> renewal(String device) {
        return Optional.ofNullable(renewals.get(device));
    }

    private ConnectionLog watch(String device) {
        return new ConnectionLog(
                device,
                proxy.counters(),
                proxy.events(),
                reason -> proxy.post(new MachineCommand.DeviceFailed(device, reason)));
    }

    /** A daemon of ours refuses its work. */
    private void refused(String device, String reason) {
        if (proxy.events().isOpen()) {
            proxy.events().tell(new Event.DeviceRefused(device, reason));
        }
        proxy.post(new MachineCommand.DeviceRefused(device, reason));
    }

    /** A network device. Its daemon, if it is ours, begins to start now. */
    PluggedDevice net(NetConfig net, MemoryTable memory) {
        SocketSource source = switch (net.backend()) {
            case NetBackend.Socket(String path, NetBackend.Mode mode) ->
                mode == NetBackend.Mode.CLIENT ? SocketSource.path(linux, path) : listening(net, path);
            case NetBackend.Tap tap -> supervised(net, tap);
            case NetBackend.Descriptors(List<Integer> fds) -> supervised(net, fds);
            case NetBackend.Passt _ -> withPasst(net);
            case NetBackend.Switch(String name) -> shared(net, name);
        };
        NetDevice device = NetDevice.start(linux, net, source, memory, watch(net.id()), hangs);
        renewable(net.id(), source, device::state, device::handOver);
        return new PluggedDevice(net.place(), device);
    }

    /** A shared folder. Its daemon, if it is ours, begins to start now. */
    PluggedDevice fs(FsConfig fs, MemoryTable memory) {
        SocketSource source = switch (fs.backend()) {
            case FsBackend.Folder folder -> supervised(fs, folder);
            case FsBackend.Socket(String path) -> SocketSource.path(linux, path);
        };
        RemoteDevice device = RemoteDevice.of(linux, fs.id(), Profile.fs(), source, memory)
                .queues(FsLayout.HIGH_PRIORITY_QUEUE + 1 + fs.numQueues(), fs.queueSize())
                .space(FsSpace.of(fs))
                .watchedBy(watch(fs.id()))
                .hangs(hangs, fs.upkeep())
                .start();
        renewable(fs.id(), source, device::state, device::handOver);
        return new PluggedDevice(fs.place(), device);
    }

    /** A device of any type, which is wholly its back-end's. */
    PluggedDevice generic(GenericConfig generic, MemoryTable memory) {
        SocketSource source = SocketSource.path(linux, generic.socket());
        RemoteDevice device = RemoteDevice.of(
                        linux, generic.id(), Profile.generic(generic.deviceType()), source, memory)
                .queues(generic.queueSizes())
                .watchedBy(watch(generic.id()))
                .start();
        return new PluggedDevice(generic.place(), device);
    }

    /** Sockets to the host, which need no daemon: who connects is on this host, and what waits dies with the guest. */
    PluggedDevice vsock(VsockConfig vsock, MemoryTable memory) {
        SocketLock lock = SocketLock.tryTake(linux, vsock.socket())
                .orElseThrow(() -> new BadInputException(
                        "--vsock socket " + vsock.socket() + " is another VM's: give each VM its own"));
        atEnd(vsock.id(), lock::close);
        Fd listener;
        try {
            listener = new BackendSocket(Optional.of(vsock.socket()), OptionalInt.empty()).listener(linux);
        } catch (IllegalArgumentException e) {
            throw new BadInputException("--vsock " + e.getMessage());
        }
        return new PluggedDevice(
                vsock.place(), new Vsock(linux, vsock.id(), vsock.cid(), vsock.socket(), listener, memory));
    }

    /** Persistent memory, whose file is the guest's without a daemon between. */
    PluggedDevice pmem(PmemConfig pmem, MemoryTable memory) {
        return new PluggedDevice(pmem.place(), PmemFile.open(linux, pmem, memory));
    }

    /** A daemon that leaves to its successor what the guest has open. */
    private SupervisedDaemon supervised(FsConfig fs, FsBackend.Folder folder) {
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
        return supervised(
                fs.id(),
                new DaemonCommand(
                        fs.id(),
                        Optional.of(folder.path()),
                        program,
                        arguments,
                        boxes.folder(program, folder.path(), folder.readonly()),
                        List.of(),
                        Optional.empty(),
                        fs.upkeep().keepsStandby()),
                Optional.of(store(fs.id())));
    }

    private DescriptorStore store(String device) {
        DescriptorStore store =
                new DescriptorStore(linux, device, directory.store(stores++).toString());
        atEnd(device, store::close);
        return store;
    }

    private ListeningSource listening(NetConfig net, String path) {
        ListeningSource source = new ListeningSource(linux, path);
        atEnd(net.id(), source::close);
        return source;
    }

    private SupervisedDaemon supervised(DiskConfig disk, String path) {
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
        return supervised(
                disk.id(),
                new DaemonCommand(
                        disk.id(),
                        Optional.of(path),
                        program,
                        arguments,
                        boxes.disk(program, path, disk.readonly(), fence),
                        List.of(),
                        Optional.empty(),
                        disk.upkeep().keepsStandby()));
    }

    private SupervisedDaemon supervised(String device, DaemonCommand command) {
        return supervised(device, command, Optional.empty());
    }

    private SupervisedDaemon supervised(String device, DaemonCommand command, Optional<DescriptorStore> store) {
        Optional<Path> counters = counters(device);
        DaemonCommand counting = counters.map(command::counting).orElse(command);
        List<Path> files = new ArrayList<>(counters.stream().toList());
        store.map(DescriptorStore::address).map(Path::of).ifPresent(files::add);
        DaemonCommand owned = owned(counting, files);
        SupervisedDaemon daemon = new SupervisedDaemon(linux, owned, store, reason -> refused(device, reason));
        atEnd(device, () -> {
            renewals.remove(device);
            daemon.close();
        });
        return daemon;
    }

    /**
     * The same by a user of its own, if daemons have such. A folder's may become any user, so that it would be none's alone.
     *
     * @param files what it writes to by name without a privilege
     */
    private DaemonCommand owned(DaemonCommand command, List<Path> files) {
        if (users.isEmpty() || command.box().privileges().contains(Capability.SETUID)) {
            return command;
        }
        DaemonUsers.Taken user = users.get().take();
        atEnd(command.device(), user::close);
        files.forEach(file -> users.get().give(file, user));
        return command.as(user.number());
    }

    /**
     * A daemon that opens the tap itself, and so needs the one privilege that this takes. It leaves the tap to its successor,
     * so that the host's side of it stays as it is.
     */
    private SupervisedDaemon supervised(NetConfig net, NetBackend.Tap tap) {
        Optional<Path> limits = limits(net);
        List<String> arguments = netArguments(net, limits);
        Box box = boxes.tap(netProgram(), tap.address().isPresent(), limits);
        arguments.add("--backend=tap" + tap.name().map(name -> "=" + name).orElse(""));
        tap.address().ifPresent(address -> arguments.add("--ip=" + address));
        tap.hostMac().ifPresent(mac -> arguments.add("--host-mac=" + mac));
        return supervised(
                net.id(), command(net, arguments, box, List.of(), Optional.empty()), Optional.of(store(net.id())));
    }

    /** A daemon that gets the tap's descriptors, and needs no privilege at all. */
    private SupervisedDaemon supervised(NetConfig net, List<Integer> numbers) {
        Optional<Path> limits = limits(net);
        List<String> arguments = netArguments(net, limits);
        List<Fd> fds = new ArrayList<>();
        StringJoiner backend = new StringJoiner(":", "--backend=fd=", "");
        for (int number : numbers) {
            backend.add(Integer.toString(DaemonCommand.FIRST_FD + fds.size()));
            Fd ours = linux.files().duplicate(number);
            atEnd(net.id(), ours::close);
            fds.add(ours);
        }
        arguments.add(backend.toString());
        return supervised(net, arguments, limits, fds, Optional.empty());
    }

    /** A daemon with a passt of its own, which ends with it: neither needs a privilege. */
    private SupervisedDaemon withPasst(NetConfig net) {
        Optional<Path> limits = limits(net);
        List<String> arguments = netArguments(net, limits);
        arguments.add("--backend=passt=fd=" + DaemonCommand.FIRST_FD);
        Path program = HostProgram.find(PASST, System.getenv("PATH")).orElse(Path.of(PASST));
        Companion passt = new Companion(
                program, List.of("--foreground", "--quiet", "--one-off", "--fd", Integer.toString(Companion.SOCKET)));
        return supervised(net, arguments, limits, List.of(), Optional.of(passt));
    }

    /** A daemon that is nobody's: it has to do for whoever comes, whatever this VM may want of it. */
    private SharedDaemon shared(NetConfig net, String name) {
        List<String> arguments = arguments(
                "--backend=switch",
                "--ports=" + NetBackend.Switch.PORTS,
                "--queue-pairs=" + NetBackend.Switch.PAIRS,
                "--queue-size=" + NetBackend.Switch.QUEUE_SIZE,
                "--exit-when-unused=" + UNUSED_SECONDS);
        Path folder = RuntimeDirectory.ofSwitch(name, linux.processes().effectiveUser());
        arguments.add("--counters=" + RuntimeDirectory.countersOfSwitch(folder));
        long pid = ProcessHandle.current().pid();
        String owner =
                PortOwner.of(pid, ProcessStat.of(pid).map(ProcessStat::ticks).orElse(0L), net.id());
        SharedDaemon daemon = new SharedDaemon(
                linux,
                folder,
                netProgram(),
                arguments,
                boxes.ofSwitch(netProgram(), folder),
                users,
                owner,
                reason -> refused(net.id(), reason));
        try {
            daemon.prepare();
        } catch (UncheckedIOException e) {
            throw new BadInputException(
                    "--net " + net.id() + " switch: " + e.getMessage() + ": let our user write there", e);
        }
        atEnd(net.id(), daemon::close);
        shareCounters(net.id(), RuntimeDirectory.countersOfSwitch(folder), owner);
        return daemon;
    }

    private Path netProgram() {
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

    private SupervisedDaemon supervised(
            NetConfig net, List<String> arguments, Optional<Path> limits, List<Fd> fds, Optional<Companion> companion) {
        Box box = boxes.net(netProgram(), limits);
        return supervised(net.id(), command(net, arguments, box, fds, companion));
    }

    private DaemonCommand command(
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

    /** A file for a daemon to count in, which is there as long as the device is; it serves as well without. */
    private Optional<Path> counters(String device) {
        try {
            Path file = directory.makeCounters(device);
            counted(device, file, () -> DaemonCounters.read(linux, file));
            return Optional.of(file);
        } catch (UncheckedIOException e) {
            unseen(device, e);
            return Optional.empty();
        }
    }

    /** A device's part of a file in which a daemon counts for others as well. */
    private void shareCounters(String device, Path file, String owner) {
        try {
            Path link = directory.linkCounters(device, file);
            counted(device, link, () -> DaemonCounters.read(linux, file, owner));
        } catch (UncheckedIOException e) {
            unseen(device, e);
        }
    }

    private void counted(String device, Path file, Supplier<Map<String, Long>> words) {
        proxy.counters().daemon(device, words);
        atEnd(device, () -> {
            proxy.counters().forget(device);
            RuntimeDirectory.remove(file);
        });
    }

    private static void unseen(String device, UncheckedIOException e) {
        LOG.info(device + ": nobody sees what its daemon counts: " + e.getMessage());
    }

    /** These, and what all daemons are told; more may be added. */
    private List<String> arguments(String... own) {
        List<String> all = new ArrayList<>(List.of(own));
        SeccompFlag.argument(options.filters()).ifPresent(all::add);
        return all;
    }

    private void atEnd(String device, Runnable end) {
        synchronized (ends) {
            ends.computeIfAbsent(device, _ -> new ArrayDeque<>()).push(end);
        }
    }

    /** Ends what was started for a device, which is closed. May take as long as a daemon does; any thread. */
    void end(String device) {
        Deque<Runnable> ofDevice;
        synchronized (ends) {
            ofDevice = ends.remove(device);
        }
        while (ofDevice != null && !ofDevice.isEmpty()) {
            ofDevice.pop().run();
        }
    }

    @Override
    public void close() {
        List<String> devices;
        synchronized (ends) {
            devices = List.copyOf(ends.reversed().keySet());
        }
        devices.forEach(this::end);
        hangs.close();
    }
}
