package ringfence.blk.image;

import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * An open raw image. Immutable; owns its descriptor.
 *
 * @param path as the user named it
 * @param fd opened for reading, or for reading and writing; also bears the {@link ImageLock}
 * @param kind what it is
 * @param size bytes, a multiple of 512
 * @param readOnly opened for reading only
 * @param direct opened with O_DIRECT
 * @param blockSize bytes of a logical block: what offsets and lengths have to be a multiple of
 * @param physicalBlockSize bytes that the medium writes at once; a power of two, at least {@code blockSize}
 * @param memoryAlignment bytes that buffers have to be aligned to; 1 without O_DIRECT
 */
public record Image(
        String path,
        Fd fd,
        ImageKind kind,
        long size,
        boolean readOnly,
        boolean direct,
        int blockSize,
        int physicalBlockSize,
        int memoryAlignment)
        implements AutoCloseable {

    /** Sectors of 512 bytes. */
    public long sectors() {
        return size >> 9;
    }

    /**
     * Makes the file longer, or cuts it short. Nobody reads or writes it meanwhile.
     *
     * @param sectors of 512 bytes, as somebody else says: any number
     * @param sparse whether it is made longer by a hole; else by blocks, see {@link #allocate}
     * @return the same image, with the same descriptor
     * @throws ImageException if it cannot be; the file is as it was
     */
    public Image resized(Linux linux, long sectors, boolean sparse) {
        if (kind == ImageKind.DEVICE || readOnly) {
            throw new ImageException("image " + path
                    + (readOnly ? " is open for reading only" : " is a block device, which is as long as it is"));
        }
        long blocks = blockSize >> 9;
        if (sectors <= 0 || sectors > Long.MAX_VALUE >> 9 || sectors % blocks != 0) {
            throw new ImageException("image " + path + " cannot be of " + Long.toUnsignedString(sectors)
                    + " sectors: a positive multiple of " + blocks + " is possible");
        }
        try {
            if (!sparse && sectors > sectors()) {
                grow(linux, sectors << 9);
            }
            linux.files().truncate(fd, sectors << 9);
        } catch (ErrnoException e) {
            throw new ImageException("image " + path + ": " + e.errno().text(), e);
        }
        return new Image(path, fd, kind, sectors << 9, false, direct, blockSize, physicalBlockSize, memoryAlignment);
    }

    /**
     * Gives a file, open for writing, all of its blocks, so that no write finds the disk full; a device has them.
     *
     * @return false: its file system cannot
     * @throws ImageException if there is no room for them
     */
    public boolean allocate(Linux linux) {
        return kind == ImageKind.DEVICE || allocate(linux, size);
    }

    private void grow(Linux linux, long bytes) {
        try {
            allocate(linux, bytes);
        } catch (ImageException e) {
            linux.files().truncate(fd, size); // it may have grown before there was no more room
            throw e;
        }
    }

    private boolean allocate(Linux linux, long bytes) {
        long result;
        do {
            result = linux.files().tryAllocate(fd, 0, 0, bytes);
        } while (result == -Errno.EINTR.number());
        if (result == -Errno.ENOTSUP.number() || result == -Errno.ENOSYS.number()) {
            return false;
        }
        if (result < 0) {
            throw new ImageException("image " + path + ": no " + bytes + " bytes can be allocated: "
                    + Errno.of(-result).text() + ": make room, or let it be sparse");
        }
        return true;
    }

    @Override
    public void close() {
        fd.close();
    }
}
