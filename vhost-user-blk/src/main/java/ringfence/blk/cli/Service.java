package ringfence.blk.cli;

import java.time.Clock;
import java.util.Optional;
import java.util.function.Consumer;
import ringfence.blk.engine.BlkCounters;
import ringfence.blk.engine.BlkDevice;
import ringfence.blk.image.Fence;
import ringfence.blk.image.Image;
import ringfence.blk.image.ImageLock;
import ringfence.blk.image.ImageOpener;
import ringfence.linux.Linux;
import ringfence.process.DaemonMain;
import ringfence.process.LockHolders;
import ringfence.telemetry.Counters;
import ringfence.telemetry.CountersFile;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.vhostuser.link.QueueStats;
import ringfence.vhostuser.link.Workers;

/** One device being served: owns its image, its fence and its back-end. */
final class Service implements DaemonMain.Service, AutoCloseable {
    /** How long requests of a killed predecessor may take to end; they are bounded to some MiB. */
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    private final Image image;
    private final Fence fence;
    private final Backend backend;
    private final Optional<CountersFile> counters;

    private Service(Image image, Fence fence, Backend backend, Optional<CountersFile> counters) {
        this.image = image;
        this.fence = fence;
        this.backend = backend;
        this.counters = counters;
    }

    /**
     * Opens a device and serves it.
     *
     * @throws RuntimeException with one line for the user; nothing stays open
     */
    static Service open(Linux linux, DeviceSpec spec, BackendOptions options, Consumer<String> details) {
        QueueCpus.check(linux, spec.queueCpus());
        LockHolders holders = new LockHolders();
        Image image = new ImageOpener(linux).open(spec.image(), spec.readOnly(), spec.direct());
        Fence fence = null;
        try {
            // the fence first: whoever holds it still has the image locked
            if (spec.fence().isPresent()) {
                fence = Fence.take(linux, spec.fence().get(), PATIENCE_NANOS, holders);
            }
            new ImageLock(linux, holders, spec.wholeLock()).take(image, PATIENCE_NANOS);
            if (!spec.options().sparse() && !image.readOnly() && !image.allocate(linux)) {
                options.log().accept("image " + image.path() + ": its file system allocates nothing beforehand");
            }
            Optional<CountersFile> file = spec.counters()
                    .map(path -> CountersFile.create(
                            "--counters",
                            path,
                            "vhost-user-blk",
                            spec.options().queues() * (QueueStats.count() + BlkCounters.count()),
                            Clock.systemUTC()));
            Counters source = file.map(CountersFile::counters).orElseGet(Counters::hidden);
            BlkDevice device = new BlkDevice(linux, image, spec.options(), fence, source, options.name());
            details.accept("serving " + image.path() + ": " + image.size() + " bytes, " + image.kind() + ", engine "
                    + device.engine() + ", " + spec.options().queues() + " queues");
            // we hold its fence: a daemon that has left its socket there is not coming back
            BackendSocket socket = new BackendSocket(spec.socketPath(), spec.socketFd());
            return new Service(
                    image,
                    fence,
                    socket.serve(linux, device, served(spec, options).withCounters(source)),
                    file);
        } catch (RuntimeException e) {
            if (fence != null) {
                fence.close();
            }
            image.close();
            throw e;
        }
    }

    private static BackendOptions served(DeviceSpec spec, BackendOptions options) {
        return spec.queueCpus().isEmpty() ? options : options.withWorkers(Workers.each(spec.queueCpus()));
    }

    @Override
    public void await() throws InterruptedException {
        backend.await();
    }

    @Override
    public void close() {
        backend.close();
        image.close();
        if (fence != null) {
            fence.close();
        }
        counters.ifPresent(CountersFile::close);
    }
}
