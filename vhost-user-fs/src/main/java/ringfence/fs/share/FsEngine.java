package ringfence.fs.share;

import ringfence.fs.fuse.FuseRequest;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.state.RequestLog;
import ringfence.linux.Fd;
import ringfence.telemetry.CounterSet;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.queue.ChainCursor;

/** Serves the requests of one queue, each within {@link #submit}, but for those that wait for a lock. One owner thread. */
final class FsEngine implements QueueEngine {
    /** In place of bytes written: it is completed later. */
    private static final int LATER = -1;

    private final Share share;
    private final Call call;
    private final Operations operations;
    private final CounterSet<FsCounter> counters;
    /** null: no lock is ours to wait for. */
    private final Waiting waiting;

    private boolean refusing;

    FsEngine(Share share, int queue, CounterSet<FsCounter> counters) {
        this.share = share;
        this.counters = counters;
        call = new Call(share, queue, counters);
        operations = new Operations(share);
        boolean locks = share.options().flock()
                || share.options().posixLock()
                || share.features().has(InitFlags.FLOCK_LOCKS | InitFlags.POSIX_LOCKS);
        waiting = locks ? new Waiting(share, operations.locks(), call) : null;
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
            written = refused < 0 ? refused(refused) : serve(request);
        } finally {
            call.end();
        }
        if (written == LATER) {
            return;
        }
        done.complete(chain.head(), written);
        if (refused == 0) {
            call.reach(CrashPoints.At.REPLIED);
        }
        share.tree().releaseFreed();
    }

    /** What its predecessor has done is answered for all that; what waits for a lock is under way for as long as it takes. */
    @Override
    public void refuse(ChainCursor chain, Completions done) {
        refusing = true;
        submit(chain, done);
        refusing = false;
    }

    private int refused(int refused) {
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
        int result = refusing && opcode != Opcode.SETLKW ? giveUp(opcode) : operations.serve(call);
        if (result == Call.NO_REPLY) {
            return 0;
        }
        if (result == Call.WAITS) {
            result = waits();
            if (result == 0) {
                return LATER;
            }
        }
        if (result < 0) {
            counters.add(FsCounter.ERRORS);
            call.failed(result);
        } else if (call.isSent()) {
            return call.sentBytes();
        } else {
            call.reply.finish(0);
        }
        call.letGo();
        return call.reply.send(call.chain);
    }

    private static int giveUp(Opcode opcode) {
        return opcode.isAnswered() ? Errors.EIO : Call.NO_REPLY;
    }

    /** @return 0, or minus an errno */
    private int waits() {
        int result =
                waiting == null ? Errors.ENOLCK : waiting.add(operations.locks().give(), call.chain);
        if (result != Errors.EDEADLK) {
            counters.add(result == 0 ? FsCounter.WAITED : FsCounter.FULL);
        }
        return result;
    }

    private int recalled(int kept) {
        call.reply.recalled(kept);
        return call.reply.send(call.chain);
    }

    @Override
    public int reap(Completions done) {
        return waiting == null ? 0 : waiting.ask(done);
    }

    @Override
    public int inFlight() {
        return waiting == null ? 0 : waiting.count();
    }

    @Override
    public Fd wakeup() {
        return waiting == null ? null : waiting.timer();
    }

    @Override
    public Fd source() {
        return waiting == null ? null : waiting.bell();
    }

    @Override
    public boolean armWakeup() {
        return waiting != null && waiting.arm();
    }

    @Override
    public void disarmWakeup() {
        if (waiting != null) {
            waiting.disarm();
        }
    }

    @Override
    public void letGo(boolean recorded, Completions done) {
        if (waiting != null) {
            waiting.letGo(recorded, done);
        }
    }

    @Override
    public void close() {
        if (waiting != null) {
            waiting.close();
        }
    }
}
