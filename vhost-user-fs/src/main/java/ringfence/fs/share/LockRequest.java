package ringfence.fs.share;

import java.lang.foreign.MemorySegment;
import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.FuseRequest;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.LockTable;
import ringfence.fs.tree.LockFiles;
import ringfence.virtio.queue.ChainCursor;

/** A request for a lock, copied and checked, and where its reply goes if it waits. One owner thread. */
final class LockRequest {
    private Opcode opcode;
    private long unique;
    private long handle;
    private long owner;
    private long start;
    private long end;
    private int type;
    private int process;
    private boolean flock;
    private long node;
    private int head;
    private MemorySegment reply;
    private long replyAt;

    /** Takes it from a request. @return 0, or minus EINVAL */
    int read(FuseRequest request) {
        opcode = request.opcode();
        unique = request.unique();
        handle = request.int64(InLayout.FH);
        owner = request.int64(InLayout.LK_OWNER);
        type = request.int32(InLayout.LK_TYPE);
        process = request.int32(InLayout.LK_PID);
        flock = (request.int32(InLayout.LK_FLAGS) & FuseFlags.LK_FLOCK) != 0;
        start = flock ? 0 : request.int64(InLayout.LK_START);
        end = flock ? LockTable.END : request.int64(InLayout.LK_END);
        boolean right = type >= LockTable.READ && type <= LockTable.UNLOCK && start >= 0 && end >= start;
        return right ? 0 : Errors.EINVAL;
    }

    /** Which file it is about, once that is known. @param id of its node */
    void about(long id) {
        node = id;
    }

    /** What it waits for. */
    LockFiles.Wish wish() {
        return new LockFiles.Wish(node, owner, start, end, type);
    }

    /** Notes where its reply goes. @return false: it is cut up as no driver does, and so cannot wait */
    boolean keepPlace(ChainCursor chain) {
        if (chain.writable() == 0 || chain.length(chain.readable()) < OutLayout.HEADER) {
            return false;
        }
        head = chain.head();
        reply = chain.segment(chain.readable());
        replyAt = chain.offset(chain.readable());
        return true;
    }

    /** Puts a reply without a body where it goes. */
    void answer(MemorySegment header) {
        MemorySegment.copy(header, 0, reply, replyAt, OutLayout.HEADER);
    }

    int head() {
        return head;
    }

    Opcode opcode() {
        return opcode;
    }

    long unique() {
        return unique;
    }

    /** The open file through which it is asked for. */
    long handle() {
        return handle;
    }

    long owner() {
        return owner;
    }

    long start() {
        return start;
    }

    /** Last byte, {@link LockTable#END}: none is. */
    long end() {
        return end;
    }

    /** Bytes, as the host's calls have it: 0: to the end. */
    long length() {
        return end == LockTable.END ? 0 : end - start + 1;
    }

    /** {@link LockTable#READ} and its like. */
    int type() {
        return type;
    }

    /** The guest's. */
    int process() {
        return process;
    }

    /** Whether it is of flock(2). */
    boolean isFlock() {
        return flock;
    }
}
