package ringfence.blk.image;

import ringfence.linux.Fd;

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

    @Override
    public void close() {
        fd.close();
    }
}
