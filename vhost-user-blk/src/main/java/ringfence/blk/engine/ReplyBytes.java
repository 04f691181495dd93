package ringfence.blk.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import ringfence.virtio.BlkLayout;

/** What GET_ID answers: the serial number, filled up with zeroes. */
final class ReplyBytes {
    private ReplyBytes() {}

    static MemorySegment id(String serial) {
        MemorySegment id = Arena.ofAuto().allocate(BlkLayout.ID);
        MemorySegment ascii = MemorySegment.ofArray(serial.getBytes(StandardCharsets.US_ASCII));
        MemorySegment.copy(ascii, 0, id, 0, Math.min(BlkLayout.ID, ascii.byteSize()));
        return id;
    }
}
