package ringfence.blk.cli;

import java.util.function.Consumer;
import ringfence.blk.engine.BlkDevice;
import ringfence.blk.image.Fence;
import ringfence.blk.image.Image;
import ringfence.blk.image.ImageException;
import ringfence.blk.image.ImageLock;
import ringfence.blk.image.ImageOpener;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.process.LockHolders;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;

/** One device being served: owns its image, its fence and its back-end. */
final class Service implements AutoCloseable {
    /** How long requests of a killed predecessor may take to end; they are bounded to some MiB. */
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    private final Image image;
    private final Fence fence;
    private final Backend backend;

    private Service(Image image, Fence fence, Backend backend) {
        this.image = image;
        this.fence = fence;
        this.backend = backend;
    }

    /**
     * Opens a device and serves it.
     *
     * @throws RuntimeException with one line for the user; nothing stays open
     */
    static Service open(Linux linux, DeviceSpec spec, BackendOptions options, Consumer<String> details) {
        LockHolders holders = new LockHolders();
        Image image = new ImageOpener(linux).open(spec.image(), spec.readOnly(), spec.direct());
        Fence fence = null;
        try {
            // the fence first: whoever holds it still has the image locked
            if (spec.fence().isPresent()) {
                fence = Fence.take(linux, spec.fence().get(), PATIENCE_NANOS, holders);
            }
            new ImageLock(linux, holders).take(image, PATIENCE_NANOS);
            BlkDevice device = new BlkDevice(linux, image, spec.options(), fence);
            details.accept("serving " + image.path() + ": " + image.size() + " bytes, " + image.kind() + ", engine "
                    + device.engine() + ", " + spec.options().queues() + " queues");
            return new Service(image, fence, listen(linux, spec, device, options));
        } catch (RuntimeException e) {
            if (fence != null) {
                fence.close();
            }
            image.close();
            throw e;
        }
    }

    private static Backend listen(Linux linux, DeviceSpec spec, BlkDevice device, BackendOptions options) {
        if (spec.socketFd().isPresent()) {
            return Backend.listen(linux, given(linux, spec.socketFd().getAsInt()), device, options);
        }
        String path = spec.socketPath().orElseThrow();
        try {
            return Backend.listen(linux, path, device, options);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EADDRINUSE) {
                throw new ImageException("socket " + path + ": " + e.errno().text(), e);
            }
        }
        removeStale(linux, path);
        return Backend.listen(linux, path, device, options);
    }

    private static Fd given(Linux linux, int number) {
        try {
            return linux.files().duplicate(number);
        } catch (ErrnoException e) {
            throw new ImageException("--fd=" + number + " is no open descriptor", e);
        }
    }

    /** Removes a socket that a killed daemon has left behind; we hold its fence, so it is not coming back. */
    private static void removeStale(Linux linux, String path) {
        try (Fd connected = linux.sockets().connect(path)) {
            throw new ImageException("socket " + path + " is in use (" + connected + " connects)");
        } catch (ErrnoException e) {
            switch (e.errno()) {
                case ECONNREFUSED -> linux.files().unlink(path);
                case ENOENT -> {}
                case ENOTSOCK -> throw new ImageException("socket " + path + ": a file that is no socket is there", e);
                default ->
                    throw new ImageException("socket " + path + ": " + e.errno().text(), e);
            }
        }
    }

    /** Waits until its back-end has ended. */
    void await() throws InterruptedException {
        backend.await();
    }

    @Override
    public void close() {
        backend.close();
        image.close();
        if (fence != null) {
            fence.close();
        }
    }
}
