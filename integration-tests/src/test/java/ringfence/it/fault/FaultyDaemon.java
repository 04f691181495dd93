package ringfence.it.fault;

import ringfence.blk.engine.BlkDevice;
import ringfence.blk.engine.BlkOptions;
import ringfence.blk.engine.EngineChoice;
import ringfence.blk.image.Fence;
import ringfence.blk.image.Image;
import ringfence.blk.image.ImageOpener;
import ringfence.linux.Errno;
import ringfence.linux.FaultInjector;
import ringfence.linux.Linux;
import ringfence.linux.NativeKernel;
import ringfence.linux.Syscall;
import ringfence.process.LockHolders;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;

/** A program: the block daemon on a disk whose every fdatasync fails. Arguments: socket, image. */
public final class FaultyDaemon {
    private static final long PATIENCE = 5_000_000_000L;

    private FaultyDaemon() {}

    /** Serves until it is killed. */
    public static void main(String[] arguments) throws InterruptedException {
        FaultInjector faults = new FaultInjector(new NativeKernel());
        faults.fail(Syscall.FDATASYNC, Errno.EIO);
        Linux linux = new Linux(faults);
        try (Image image = new ImageOpener(linux).open(arguments[1], false, false);
                Fence fence = Fence.take(linux, arguments[0] + ".fence", PATIENCE, new LockHolders())) {
            BlkOptions options = new BlkOptions(1, 256, "", EngineChoice.PLAIN, false, true);
            BlkDevice device = new BlkDevice(linux, image, options, fence, Counters.hidden(), "disk");
            try (Backend backend = Backend.listen(linux, arguments[0], device, BackendOptions.defaults())) {
                backend.await();
            }
        }
    }
}
