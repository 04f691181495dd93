package ringfence.vmm.machine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeoutException;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.machine.VmException.Reason;

/** Which disk can be made larger or smaller while its guest runs, and what a user hears of one that cannot. */
final class DiskResize {
    /** log2 of the bytes in a sector. */
    static final int SECTOR_SHIFT = 9;

    private static final long SECTOR = 1L << SECTOR_SHIFT;

    private DiskResize() {}

    /** @throws VmException if this disk cannot become that large, whatever its daemon says */
    static void check(DiskConfig disk, long bytes) {
        if (bytes <= 0 || bytes % SECTOR != 0) {
            throw new VmException(
                    Reason.INVALID, "desired_size is " + bytes + ": give a positive multiple of " + SECTOR);
        }
        switch (disk.backend()) {
            case DiskConfig.Backend.Socket(String socket) ->
                throw VmException.wrongState(disk.id() + ": the VMM has not started its daemon: resize it where whoever"
                        + " serves " + socket + " was started, and the guest sees it");
            case DiskConfig.Backend.Image(String path) -> {
                if (disk.readonly()) {
                    throw VmException.wrongState(disk.id() + " is read-only: resize it where it may be written");
                }
                if (!Files.isRegularFile(Path.of(path))) {
                    throw VmException.wrongState(disk.id() + ": " + path
                            + " is no regular file: extend it on the host, then shut the VM down and boot it");
                }
            }
        }
    }

    /** Why it has not, for an exception that says so. */
    static String why(Throwable failure) {
        return failure instanceof TimeoutException
                ? "its daemon does not answer, and no successor does: vm.counters tells when one serves"
                : failure.getMessage();
    }
}
