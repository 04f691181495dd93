package ringfence.blk.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import ringfence.blk.image.Image;
import ringfence.blk.image.ImageKind;
import ringfence.linux.Disks;
import ringfence.linux.Errno;
import ringfence.linux.Linux;

/**
 * Discard and write-zeroes by plain calls, each with what a file system offers, and with ordinary writes where it
 * offers nothing. One owner thread.
 */
final class Zeroing {
    /** FALLOC_FL_KEEP_SIZE. */
    static final int KEEP_SIZE = 1;
    /** FALLOC_FL_PUNCH_HOLE, which asks for KEEP_SIZE. */
    static final int PUNCH_HOLE = 2 | KEEP_SIZE;
    /** FALLOC_FL_ZERO_RANGE. */
    static final int ZERO_RANGE = 0x10 | KEEP_SIZE;

    private static final int CHUNK = 1 << 18;
    private static final int ALIGNMENT = 4096;

    private final Linux linux;
    private final Disks disks;
    private final Image image;
    private MemorySegment zeroes;

    Zeroing(Linux linux, Image image) {
        this.linux = linux;
        this.image = image;
        disks = new Disks(linux);
    }

    /** Drops a range's contents. A disk that cannot is none the worse. @return 0, or minus the errno */
    long discard(long offset, long bytes) {
        long result = image.kind() == ImageKind.DEVICE
                ? disks.tryDiscard(image.fd(), offset, bytes)
                : linux.files().tryAllocate(image.fd(), PUNCH_HOLE, offset, bytes);
        return isUnsupported(result) ? 0 : result;
    }

    /** Makes a range read as zeroes. @param unmap whether it may lose its blocks @return 0, or minus the errno */
    long writeZeroes(long offset, long bytes, boolean unmap) {
        long result = linux.files().tryAllocate(image.fd(), unmap ? PUNCH_HOLE : ZERO_RANGE, offset, bytes);
        return isUnsupported(result) ? write(offset, bytes) : result;
    }

    static boolean isUnsupported(long result) {
        return result == -Errno.ENOTSUP.number()
                || result == -Errno.ENOSYS.number()
                || result == -Errno.EINVAL.number()
                || result == -Errno.ENODEV.number();
    }

    private long write(long offset, long bytes) {
        if (zeroes == null) {
            zeroes = Arena.ofAuto().allocate(CHUNK, ALIGNMENT); // once per engine, only where fallocate does not serve
        }
        long done = 0;
        while (done < bytes) {
            long result = linux.files().tryWrite(image.fd(), zeroes, 0, Math.min(CHUNK, bytes - done), offset + done);
            if (result <= 0) {
                return result < 0 ? result : -Errno.EIO.number();
            }
            done += result;
        }
        return 0;
    }
}
