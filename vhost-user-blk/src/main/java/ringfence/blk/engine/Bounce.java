package ringfence.blk.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import ringfence.blk.image.Image;
import ringfence.blk.request.BlkRequest;
import ringfence.linux.Errno;
import ringfence.linux.Files;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * Reads and writes whose buffers are not aligned as O_DIRECT asks, such as a boot loader's: by plain calls, through a
 * buffer that is. One owner thread.
 */
final class Bounce {
    private static final int SIZE = 1 << 18;
    private static final int ALIGNMENT = 4096;

    private final Files files;
    private final Image image;
    private MemorySegment buffer;

    Bounce(Files files, Image image) {
        this.files = files;
        this.image = image;
    }

    /** Reads the whole request. @return 0, or minus the errno */
    long read(ChainCursor chain, BlkRequest request) {
        MemorySegment through = buffer();
        long done = 0;
        while (done < request.bytes()) {
            long part = Math.min(SIZE, request.bytes() - done);
            long result = files.tryRead(image.fd(), through, 0, part, request.offset() + done);
            if (result == -Errno.EINTR.number()) {
                continue;
            }
            if (result <= 0) {
                return result < 0 ? result : -Errno.EIO.number();
            }
            chain.copyOut(done, through, 0, result);
            done += result;
        }
        return 0;
    }

    /** Writes the whole request. @return 0, or minus the errno */
    long write(ChainCursor chain, BlkRequest request) {
        MemorySegment through = buffer();
        long done = 0;
        while (done < request.bytes()) {
            long part = Math.min(SIZE, request.bytes() - done);
            chain.copyIn(BlkLayout.HEADER + done, through, 0, part);
            long result = files.tryWrite(image.fd(), through, 0, part, request.offset() + done);
            if (result == -Errno.EINTR.number()) {
                continue;
            }
            if (result <= 0) {
                return result < 0 ? result : -Errno.EIO.number();
            }
            done += result;
        }
        return 0;
    }

    private MemorySegment buffer() {
        if (buffer == null) {
            buffer = Arena.ofAuto().allocate(SIZE, ALIGNMENT); // once per engine, for the first guest that needs it
        }
        return buffer;
    }
}
