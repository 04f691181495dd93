package ringfence.vmm.machine;

import java.util.ArrayList;
import java.util.List;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.device.remote.Profile;
import ringfence.vmm.device.remote.RemoteDevice;
import ringfence.vmm.device.remote.SocketSource;
import ringfence.vmm.supervise.DaemonCommand;
import ringfence.vmm.supervise.RuntimeDirectory;
import ringfence.vmm.supervise.SupervisedDaemon;

/**
 * Makes the devices whose work is done elsewhere, and the daemons of those that we serve ourselves. The daemons end after
 * their devices: a device that closes ends the connection, and the connection's end ends the daemon.
 */
final class DaemonStarter implements AutoCloseable {
    private final Linux linux;
    private final RuntimeOptions options;
    private final RuntimeDirectory directory;
    private final MachineProxy proxy;
    private final List<SupervisedDaemon> daemons = new ArrayList<>();

    DaemonStarter(Linux linux, RuntimeOptions options, RuntimeDirectory directory, MachineProxy proxy) {
        this.linux = linux;
        this.options = options;
        this.directory = directory;
        this.proxy = proxy;
    }

    /** A disk. Its daemon, if it is ours, begins to start now. */
    DiskDevice disk(DiskConfig disk, MemoryTable memory) {
        SocketSource source = switch (disk.backend()) {
            case DiskConfig.Backend.Image(String path) -> supervised(disk, path);
            case DiskConfig.Backend.Socket(String path) -> SocketSource.path(linux, path);
        };
        RemoteDevice device = RemoteDevice.of(linux, disk.id(), Profile.block(), source, memory)
                .queues(disk.numQueues(), disk.queueSize())
                .watchedBy(new ConnectionLog(disk.id()))
                .start();
        return new DiskDevice(disk, device);
    }

    private SupervisedDaemon supervised(DiskConfig disk, String path) {
        List<String> arguments = new ArrayList<>(List.of(
                "--blk-file=" + path,
                "--num-queues=" + disk.numQueues(),
                "--queue-size=" + disk.queueSize(),
                "--fence=" + directory.fence(disk.id())));
        if (disk.readonly()) {
            arguments.add("--read-only");
        }
        if (disk.direct()) {
            arguments.add("--direct");
        }
        disk.serial().ifPresent(serial -> arguments.add("--serial=" + serial));
        SupervisedDaemon daemon = new SupervisedDaemon(
                linux,
                new DaemonCommand(disk.id(), path, options.program("vhost-user-blk"), arguments),
                reason -> proxy.post(new MachineCommand.DeviceRefused(disk.id(), reason)));
        daemons.add(daemon);
        return daemon;
    }

    @Override
    public void close() {
        daemons.forEach(SupervisedDaemon::close);
    }
}
