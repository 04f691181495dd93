package ringfence.blk.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.blk.request.BlkRequest;
import ringfence.vhostuser.link.Completions;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.ChainCursor;

/** Requests that need no disk: those that are decided already, and GET_ID. One owner thread. */
final class SmallRequests {
    private final Media media;
    private final BlkCounters counters;

    SmallRequests(Media media, BlkCounters counters) {
        this.media = media;
        this.counters = counters;
    }

    /** Answers the request if it needs no disk. @return whether it did */
    boolean answer(ChainCursor chain, BlkRequest request, Completions done) {
        return switch (request.operation()) {
            case NONE -> {
                counters.answered();
                complete(request, request.status(), 1, done);
                yield true;
            }
            case GET_ID -> {
                counters.answered();
                chain.copyOut(0, media.id(), 0, request.bytes());
                complete(request, BlkLayout.S_OK, (int) request.bytes() + 1, done);
                yield true;
            }
            case READ, WRITE, FLUSH, DISCARD, WRITE_ZEROES -> false;
        };
    }

    /** Fails a request, whatever it asks for. */
    void refuse(ChainCursor chain, BlkRequest request, Completions done) {
        request.parse(chain, media.limits());
        counters.answered();
        complete(request, BlkLayout.S_IOERR, 1, done);
    }

    /** Writes the status byte, if there is room for one, and hands the chain back. */
    static void complete(BlkRequest request, int status, int written, Completions done) {
        MemorySegment place = request.statusSegment();
        if (place != null) {
            place.set(ValueLayout.JAVA_BYTE, request.statusOffset(), (byte) status);
        }
        done.complete(request.head(), place == null ? 0 : written);
    }
}
