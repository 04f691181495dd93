package ringfence.fs.share;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import ringfence.fs.fuse.FuseReply;
import ringfence.fs.fuse.FuseRequest;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.HandleTable;
import ringfence.fs.state.NodeTable;
import ringfence.fs.state.RequestLog;
import ringfence.fs.state.Transaction;
import ringfence.fs.tree.OpenFile;
import ringfence.fs.tree.Tree;
import ringfence.linux.Errno;
import ringfence.linux.HandleCalls;
import ringfence.linux.Name;
import ringfence.linux.OpenHow;
import ringfence.linux.SelfFd;
import ringfence.linux.Statx;
import ringfence.telemetry.CounterSet;
import ringfence.virtio.queue.ChainCursor;

/** One request being served, and all the memory that takes. One per queue, reused; one owner thread. */
final class Call {
    /** In place of a result: the guest awaits no reply. */
    static final int NO_REPLY = 1;
    /** In place of a result: the guest awaits a reply that comes later. */
    static final int WAITS = 2;

    final Share share;
    final int queue;
    final FuseRequest request = new FuseRequest();
    final FuseReply reply = new FuseReply();
    final RequestLog log;
    final Caller caller;
    final CounterSet<FsCounter> counters;
    final SelfFd self;
    final Statx stat;
    final Statx other;
    final Name name = new Name();
    final Name newName = new Name();
    final OpenHow how = new OpenHow(Tree.BENEATH);
    /** A node's identity beyond its inode number. */
    final MemorySegment identity = Arena.ofAuto().allocate(HandleCalls.MAX, 8);
    /** For what else is needed for a moment. */
    final MemorySegment scratch = Arena.ofAuto().allocate(512, 8);

    final Vectors vectors;

    /** Why nothing was opened, minus the errno. */
    int openError;

    ChainCursor chain;
    RequestLog.Past past = RequestLog.Past.NEW;

    /** Slot of the node, once {@link #useNode} has found it. */
    int slot;
    /** Slot of the other node, once {@link #useOther} has found it. */
    int otherSlot;
    /** Slot of the handle, once {@link #useHandle} has found it. */
    int handleSlot;

    private OpenFile node;
    private OpenFile otherNode;
    private OpenFile handle;
    private boolean intended;
    private int sentBytes;

    Call(Share share, int queue, CounterSet<FsCounter> counters) {
        this.share = share;
        this.queue = queue;
        this.counters = counters;
        log = share.state().log(queue);
        caller = new Caller(share.linux(), share.options());
        self = share.linux().selfFd(share.tree().self());
        stat = share.stat();
        other = share.stat();
        vectors = new Vectors(share.options().queueSize());
    }

    /** A request has been read from a chain. */
    void begin(ChainCursor from) {
        chain = from;
        intended = false;
        sentBytes = 0;
        past = RequestLog.Past.NEW;
        reply.begin(request.unique());
    }

    /** It has been served. */
    void end() {
        letGo();
        chain = null;
    }

    /**
     * Lets go of what it has used. Once the guest's memory has been written, that takes longer: an atomic operation waits until
     * the cache lines of what was written before have come from the processor that last read them.
     */
    void letGo() {
        caller.leave();
        if (handle != null) {
            handle.release();
            handle = null;
        }
        if (node != null) {
            node.release();
            node = null;
        }
        if (otherNode != null) {
            otherNode.release();
            otherNode = null;
        }
    }

    // ---- what it is about ---------------------------------------------------------------------------------------

    /** Finds a node by its slot. @return it, with one more user, which is the caller; or null */
    OpenFile open(int at) {
        OpenFile file = share.tree().nodes().use(at);
        if (file != null) {
            return file;
        }
        openError = 0;
        return Reopening.node(this, at);
    }

    /** Finds the node that the request names. @return 0, or minus ESTALE, or minus ENFILE: it cannot be opened now */
    int useNode() {
        openError = 0;
        slot = slot(request.node());
        node = slot == NodeTable.NONE ? null : used(request.node(), slot);
        return node == null ? stale() : 0;
    }

    /** Finds another node, such as the directory that a rename goes to. @return as {@link #useNode} */
    int useOther(long id) {
        openError = 0;
        otherSlot = slot(id);
        otherNode = otherSlot == NodeTable.NONE ? null : used(id, otherSlot);
        return otherNode == null ? stale() : 0;
    }

    private int slot(long id) {
        return share.state().nodes().slot(id);
    }

    private OpenFile used(long id, int at) {
        OpenFile file = open(at);
        if (file != null && slot(id) != at) { // freed and given away again meanwhile
            file.release();
            return null;
        }
        return file;
    }

    private int stale() {
        if (openError == Errors.ENFILE) {
            return openError;
        }
        counters.add(FsCounter.STALE);
        return -Errno.ESTALE.number();
    }

    /** Finds a handle. @return 0; minus EBADF: there is none; minus ESTALE: a predecessor's, which does not open; minus ENFILE */
    int useHandle(long fh) {
        handleSlot = share.state().handles().slot(fh);
        handle = openHandle(fh, handleSlot);
        return handle == null ? openError : 0;
    }

    /** Finds another handle. @return it, with one more user, which is the caller; null: the call's {@code openError} says why */
    OpenFile otherHandle(long fh) {
        return openHandle(fh, share.state().handles().slot(fh));
    }

    private OpenFile openHandle(long fh, int at) {
        openError = Errors.EBADF;
        if (at == HandleTable.NONE) {
            return null;
        }
        OpenFile file = share.tree().handles().use(at);
        if (file == null) {
            openError = 0;
            file = Reopening.handle(this, at);
        }
        if (file == null) {
            openError = stale();
            return null;
        }
        if (share.state().handles().slot(fh) != at) { // freed and given away again meanwhile
            file.release();
            openError = Errors.EBADF;
            return null;
        }
        return file;
    }

    /** The node that {@link #useNode} has found. */
    OpenFile node() {
        return node;
    }

    /** The node that {@link #useOther} has found. */
    OpenFile otherNode() {
        return otherNode;
    }

    /** The handle that {@link #useHandle} has found. */
    OpenFile handle() {
        return handle;
    }

    /** Reads a name that stands at {@code at}, with another one behind it. @return its length, or minus an errno */
    int name(int at) {
        return request.name(at, name);
    }

    /** Reads a name that is the last thing in the request. @return its length, or minus an errno */
    int lastName(int at) {
        return request.lastName(at, name);
    }

    // ---- the log ------------------------------------------------------------------------------------------------

    /** Notes what was before, unless a predecessor did. */
    void intend(long a, long b, long c, long d) {
        log.intend(request.unique(), request.opcode().number(), a, b, c, d);
        intended = true;
        reach(CrashPoints.At.INTENDED);
    }

    /** Whether a predecessor has noted this request before its effect. */
    boolean wasBegun() {
        return past == RequestLog.Past.BEGUN;
    }

    /** The effect is there. */
    void effect() {
        reach(CrashPoints.At.EFFECT);
    }

    /** The reply is laid out: it becomes part of the transaction, which is committed. */
    void commit(Transaction transaction) {
        reply.finish(0);
        int length = reply.length();
        if (length > RequestLog.MAX_REPLY) {
            sentBytes = reply.send(chain);
            length = OutLayout.HEADER;
        }
        commit(transaction, length);
    }

    /** As {@link #commit(Transaction)}, of a request that has no reply. */
    void commitSilently(Transaction transaction) {
        commit(transaction, 0);
    }

    /** So much of a request is done that has no reply; more follows. */
    void commitPart(Transaction transaction, int part) {
        transaction.progress(request.unique(), request.opcode().number(), part);
        reach(CrashPoints.At.DECIDED);
        transaction.commit();
        reach(CrashPoints.At.COMMITTED);
    }

    private void commit(Transaction transaction, int length) {
        transaction.done(request.unique(), request.opcode().number(), reply.memory(), length);
        reach(CrashPoints.At.DECIDED);
        transaction.commit();
        intended = false;
        reach(CrashPoints.At.COMMITTED);
    }

    /** Done, with a reply, and nothing else has changed. @return 0 */
    int done() {
        try (Transaction transaction = share.state().begin(queue)) {
            commit(transaction);
        }
        return 0;
    }

    /** It has ended with an error. What was noted before the effect is void. */
    void failed(int result) {
        reply.finish(result);
        if (intended || wasBegun()) {
            try (Transaction transaction = share.state().begin(queue)) {
                commit(transaction, OutLayout.HEADER);
            }
        }
    }

    /** Whether the reply is in the guest's buffers already. */
    boolean isSent() {
        return sentBytes > 0;
    }

    /** Bytes of it. */
    int sentBytes() {
        return sentBytes;
    }

    /**
     * Until the caller leaves, set-id bits go from what is changed, where the guest has left that to us and has no flag to say
     * so: unless it is its root who changes it.
     */
    void changeAsUser() {
        if (request.user() != 0 && share.features().has(InitFlags.HANDLE_KILLPRIV_V2)) {
            caller.writeAsNobody();
        }
    }

    void reach(CrashPoints.At point) {
        share.crash().reach(point, request.opcode());
    }
}
