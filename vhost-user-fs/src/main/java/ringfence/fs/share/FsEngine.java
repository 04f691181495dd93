package ringfence.fs.share;

import ringfence.fs.fuse.FuseRequest;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.state.RequestLog;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.queue.ChainCursor;

/** Serves the requests of one queue, each within {@link #submit}. One owner thread. */
final class FsEngine implements QueueEngine {
    private final Share share;
    private final Call call;
    private final Operations operations;
    private final FsCounters counters;

    FsEngine(Share share, int queue, FsCounters counters) {
        this.share = share;
        this.counters = counters;
        call = new Call(share, queue, counters);
        operations = new Operations(share);
    }

    @Override
    public void submit(ChainCursor chain, Completions done) {
        FuseRequest request = call.request;
        int refused = request.read(chain);
        counters.add(FsCounter.REQUESTS);
        if (!request.hasHeader()) {
            counters.add(FsCounter.REFUSED);
            done.complete(chain.head(), 0);
            return;
        }
        call.begin(chain);
        call.caller.prepare();
        int written;
        try {
            written = refused < 0 ? refuse(refused) : serve(request);
        } finally {
            call.end();
        }
        done.complete(chain.head(), written);
        if (refused == 0) {
            call.reach(CrashPoints.At.REPLIED);
        }
        share.tree().releaseFreed();
    }

    private int refuse(int refused) {
        counters.add(FsCounter.REFUSED);
        call.reply.finish(refused);
        return call.reply.send(call.chain);
    }

    private int serve(FuseRequest request) {
        Opcode opcode = request.opcode();
        call.reach(CrashPoints.At.RECEIVED);
        if (opcode.isLogged()) {
            call.past = call.log.past(request.unique(), opcode.number());
            if (call.past == RequestLog.Past.DONE) {
                counters.add(FsCounter.RECALLED);
                int kept = call.log.reply(call.reply.memory());
                return kept == 0 ? 0 : recalled(kept);
            }
        }
        int result = operations.serve(call);
        if (result == Call.NO_REPLY) {
            return 0;
        }
        if (result < 0) {
            counters.add(FsCounter.ERRORS);
            call.failed(result);
        } else if (call.isSent()) {
            return call.sentBytes();
        } else {
            call.reply.finish(0);
        }
        return call.reply.send(call.chain);
    }

    private int recalled(int kept) {
        call.reply.recalled(kept);
        return call.reply.send(call.chain);
    }

    @Override
    public void close() {}
}
