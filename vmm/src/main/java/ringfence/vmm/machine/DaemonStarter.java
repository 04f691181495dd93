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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import ringfence.linux.Capability;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.process.BadInputException;
import ringfence.process.Log;
import ringfence.telemetry.PortOwner;
import ringfence.telemetry.ProcessStat;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.vhostuser.link.SocketLock;
import ringfence.virtio.FsLayout;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsBackend;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.GenericConfig;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.PmemConfig;
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

    private final Linux linux;
    private final RuntimeDirectory directory;
    private final MachineProxy proxy;
    private final DaemonBoxes boxes;
    private final DaemonCommands commands;
    private final Optional<DaemonUsers> users;
    private final HangWatch hangs = new HangWatch();
    private final Map<String, Renewal> renewals = new ConcurrentHashMap<>();
    private int stores; // made so far
    /** What ends with a device: its daemon, and what that was started with. Guarded by itself. */
    private final SequencedMap<String, Deque<Runnable>> ends = new LinkedHashMap<>();

    DaemonStarter(
            Linux linux, RuntimeOptions options, DaemonBoxes boxes, RuntimeDirectory directory, MachineProxy proxy) {
        this.linux = linux;
        this.directory = directory;
        this.proxy = proxy;
        this.boxes = boxes;
        commands = new DaemonCommands(options, boxes, directory);
        users = options.users().map(range -> new DaemonUsers(linux, range));
        if (users.isPresent()) {
            directory.letOthersIn();
        }
    }

    /** A disk. Its daemon, if it is ours, begins to start now. */
    PluggedDevice disk(DiskConfig disk, MemoryTable memory) {
        SocketSource source = disk.backend() instanceof DiskConfig.Backend.Image(String image)
                ? supervised(disk.id(), commands.disk(disk, image), Optional.empty())
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
            case NetBackend.Tap tap -> keeping(net.id(), commands.tap(net, tap));
            case NetBackend.Descriptors(List<Integer> fds) -> supervised(net, fds);
            case NetBackend.Passt _ -> supervised(net.id(), commands.withPasst(net), Optional.empty());
            case NetBackend.Switch(String name) -> shared(net, name);
        };
        NetDevice device = NetDevice.start(linux, net, source, memory, watch(net.id()), hangs);
        renewable(net.id(), source, device::state, device::handOver);
        return new PluggedDevice(net.place(), device);
    }

    /** A shared folder. Its daemon, if it is ours, begins to start now. */
    PluggedDevice fs(FsConfig fs, MemoryTable memory) {
        SocketSource source = switch (fs.backend()) {
            case FsBackend.Folder folder -> keeping(fs.id(), commands.folder(fs, folder));
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

    /** A daemon that leaves descriptors to its successor: what the guest has open, or the tap, so that the host's side stays as it is. */
    private SupervisedDaemon keeping(String device, DaemonCommand command) {
        return supervised(device, command, Optional.of(store(device)));
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

    /** A daemon that gets the tap's descriptors. */
    private SupervisedDaemon supervised(NetConfig net, List<Integer> numbers) {
        List<Fd> fds = new ArrayList<>();
        for (int number : numbers) {
            Fd ours = linux.files().duplicate(number);
            atEnd(net.id(), ours::close);
            fds.add(ours);
        }
        return supervised(net.id(), commands.descriptors(net, fds), Optional.empty());
    }

    /** A daemon that is nobody's. */
    private SharedDaemon shared(NetConfig net, String name) {
        Path folder = RuntimeDirectory.ofSwitch(name, linux.processes().effectiveUser());
        Path counters = RuntimeDirectory.countersOfSwitch(folder);
        long pid = ProcessHandle.current().pid();
        String owner =
                PortOwner.of(pid, ProcessStat.of(pid).map(ProcessStat::ticks).orElse(0L), net.id());
        SharedDaemon daemon = new SharedDaemon(
                linux,
                folder,
                commands.netProgram(),
                commands.ofSwitch(counters),
                boxes.ofSwitch(commands.netProgram(), folder),
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
        shareCounters(net.id(), counters, owner);
        return daemon;
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
