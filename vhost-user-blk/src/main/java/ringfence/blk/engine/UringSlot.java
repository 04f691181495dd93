package ringfence.blk.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.blk.request.BlkRequest;
import ringfence.blk.request.Operation;
import ringfence.vhostuser.link.Completions;
import ringfence.virtio.BlkLayout;

/**
 * A request that {@link UringEngine} has taken and not completed. Reused; has at most one entry in the ring at a time,
 * so its number is token enough.
 *
 * <pre>
 *   READ           transfer ... done
 *   WRITE          transfer ... [sync] done        sync: where the driver expects every write to be durable
 *   DISCARD, ZERO  allocate     [sync] done
 *   FLUSH          sync                done
 * </pre>
 */
final class UringSlot {
    final int number;
    final Transfer transfer;
    int head;
    Operation operation;
    boolean syncing;
    boolean unmap;
    long offset;
    long bytes;
    /** Bytes of the image that the entry in the ring covers. */
    int underWay;
    /** How often the kernel has asked to try again, in a row. */
    int retries;

    private MemorySegment statusSegment;
    private long statusOffset;

    UringSlot(int number, int maxBuffers) {
        this.number = number;
        transfer = new Transfer(maxBuffers);
    }

    void begin(BlkRequest request) {
        head = request.head();
        operation = request.operation();
        syncing = false;
        unmap = request.unmap();
        offset = request.offset();
        bytes = request.bytes();
        underWay = 0;
        retries = 0;
        statusSegment = request.statusSegment();
        statusOffset = request.statusOffset();
    }

    /** Writes the status byte and hands the chain back. */
    void end(boolean ok, Completions done) {
        int written = ok && operation == Operation.READ ? (int) bytes + 1 : 1;
        int status = ok ? BlkLayout.S_OK : BlkLayout.S_IOERR;
        statusSegment.set(ValueLayout.JAVA_BYTE, statusOffset, (byte) status);
        statusSegment = null;
        done.complete(head, written);
    }
}
