package ringfence.linux.uring;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.IoVec;
import ringfence.linux.Kernel;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Syscall;

/**
 * An io_uring. Any thread may make it and register files, buffers and an eventfd; from its first {@link #submit} or
 * {@link #reap} on, that thread owns it, and only that thread may use it.
 *
 * <p>An operation that is prepared takes a token and answers false where the submission queue is full: submit, and try
 * again. Memory that it names stays alive and in place until it has completed; an {@link IoVec} may be reused as soon
 * as it is submitted. None of prepare, submit and reap allocates.
 */
public final class Ring implements AutoCloseable {
    private final Kernel kernel;
    private final Fd fd;
    private final Mapping rings;
    private final Mapping entries;
    private final SubmissionQueue submissions;
    private final CompletionQueue completions;
    private final MemorySegment waitArgument;
    private final boolean timedWait;
    private boolean enabled;
    private long begun;

    private Ring(Linux linux, Fd fd, MemorySegment params, RingAbilities abilities) {
        kernel = linux.kernel();
        this.fd = fd;
        timedWait = abilities.timedWait();
        enabled = !abilities.flags().contains(RingFlag.R_DISABLED);
        int size = params.get(ValueLayout.JAVA_INT, RingLayout.SQ_ENTRIES);
        int completed = params.get(ValueLayout.JAVA_INT, RingLayout.CQ_ENTRIES);
        long submissionBytes = params.get(ValueLayout.JAVA_INT, RingLayout.SQ_ARRAY) + 4L * size;
        long completionBytes = params.get(ValueLayout.JAVA_INT, RingLayout.CQ_CQES) + RingLayout.CQE_SIZE * completed;
        rings = linux.memory().map(fd, RingLayout.IORING_OFF_SQ_RING, Math.max(submissionBytes, completionBytes));
        entries = linux.memory().map(fd, RingLayout.IORING_OFF_SQES, RingLayout.SQE_SIZE * size);
        submissions = new SubmissionQueue(params, rings.segment(), entries.segment());
        completions = new CompletionQueue(params, rings.segment());
        waitArgument = Arena.ofAuto().allocate(RingLayout.GETEVENTS_ARG_SIZE + 16, 8);
        waitArgument.set(
                ValueLayout.JAVA_LONG, RingLayout.ARG_TS, waitArgument.address() + RingLayout.GETEVENTS_ARG_SIZE);
    }

    /**
     * Makes a ring.
     *
     * @param size entries of the submission queue, rounded up to a power of two, at most 32768
     * @param completionSize entries of the completion queue, at least as many, at most 65536
     * @throws RingRefusedException if there is no io_uring here
     * @throws ErrnoException ENOMEM, EMFILE
     */
    public static Ring open(Linux linux, RingAbilities abilities, int size, int completionSize) {
        abilities.refusal().ifPresent(why -> {
            throw new RingRefusedException(why);
        });
        Set<RingFlag> flags = EnumSet.copyOf(abilities.flags());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(RingLayout.PARAMS_SIZE, 8);
            params.set(ValueLayout.JAVA_INT, RingLayout.FLAGS, RingFlag.bits(flags));
            params.set(ValueLayout.JAVA_INT, RingLayout.CQ_ENTRIES, completionSize);
            long result = linux.kernel().call(Syscall.IO_URING_SETUP, size, params.address(), 0, 0, 0, 0);
            Fd fd = Fd.own(linux.kernel(), (int) check(result, Syscall.IO_URING_SETUP, "size " + size));
            try {
                return new Ring(linux, fd, params, abilities);
            } catch (RuntimeException e) {
                fd.close();
                throw e;
            }
        }
    }

    private static long check(long result, Syscall call, String what) {
        if (result < 0) {
            throw new ErrnoException(call, Errno.of(-result), what);
        }
        return result;
    }

    /** Prepares pread(2). */
    public boolean read(RingFile file, MemorySegment memory, long at, int length, long offset, long token) {
        return transfer(Op.READ, file, memory, at, length, offset, 0, token);
    }

    /** Prepares pwrite(2). */
    public boolean write(RingFile file, MemorySegment memory, long at, int length, long offset, long token) {
        return transfer(Op.WRITE, file, memory, at, length, offset, 0, token);
    }

    /** As {@link #read}, into memory that lies in the registered buffer of that index. */
    public boolean readFixed(
            RingFile file, int buffer, MemorySegment memory, long at, int length, long offset, long token) {
        return transfer(Op.READ_FIXED, file, memory, at, length, offset, buffer, token);
    }

    /** As {@link #write}, from memory that lies in the registered buffer of that index. */
    public boolean writeFixed(
            RingFile file, int buffer, MemorySegment memory, long at, int length, long offset, long token) {
        return transfer(Op.WRITE_FIXED, file, memory, at, length, offset, buffer, token);
    }

    private boolean transfer(
            Op op, RingFile file, MemorySegment memory, long at, int length, long offset, int buffer, long token) {
        Objects.checkFromIndexSize(at, length, memory.byteSize());
        long entry = begin(op, file, token);
        if (entry < 0) {
            return false;
        }
        submissions.memory(entry, memory.address() + at, length);
        submissions.offset(entry, offset);
        submissions.buffer(entry, buffer);
        return true;
    }

    /** Prepares preadv(2). */
    public boolean readv(RingFile file, IoVec into, long offset, long token) {
        return vector(Op.READV, file, into, offset, token);
    }

    /** Prepares pwritev(2). */
    public boolean writev(RingFile file, IoVec from, long offset, long token) {
        return vector(Op.WRITEV, file, from, offset, token);
    }

    private boolean vector(Op op, RingFile file, IoVec vector, long offset, long token) {
        long entry = begin(op, file, token);
        if (entry < 0) {
            return false;
        }
        submissions.memory(entry, vector.address(), vector.count());
        submissions.offset(entry, offset);
        return true;
    }

    /** Prepares fdatasync(2), which covers what has completed before, not what is in flight. */
    public boolean dataSync(RingFile file, long token) {
        long entry = begin(Op.FSYNC, file, token);
        if (entry < 0) {
            return false;
        }
        submissions.flags(entry, RingLayout.IORING_FSYNC_DATASYNC);
        return true;
    }

    /** Prepares fallocate(2). @param mode FALLOC_FL_ bits */
    public boolean allocate(RingFile file, int mode, long offset, long length, long token) {
        long entry = begin(Op.FALLOCATE, file, token);
        if (entry < 0) {
            return false;
        }
        submissions.offset(entry, offset);
        submissions.memory(entry, length, mode); // the entry has the length where others have an address
        return true;
    }

    /** Prepares a poll(2) that completes once, when the file is ready. @param events POLLIN and its like */
    public boolean poll(RingFile file, int events, long token) {
        long entry = begin(Op.POLL_ADD, file, token);
        if (entry < 0) {
            return false;
        }
        submissions.flags(entry, events);
        return true;
    }

    /** Prepares nothing, which completes with 0. */
    public boolean nop(long token) {
        return begin(Op.NOP, null, token) >= 0;
    }

    /** Prepares an attempt to cancel the request that carries {@code target}. It completes with 0, ENOENT, EALREADY. */
    public boolean cancel(long target, long token) {
        long entry = begin(Op.ASYNC_CANCEL, null, token);
        if (entry < 0) {
            return false;
        }
        submissions.memory(entry, target, 0);
        return true;
    }

    private long begin(Op op, RingFile file, long token) {
        long entry = submissions.begin(op, file, token);
        begun += entry < 0 ? 0 : 1;
        return entry;
    }

    /**
     * Hands over what is prepared.
     *
     * @return how many entries the kernel took; what it did not take (EAGAIN, EBUSY: reap first) stays prepared
     */
    public int submit() {
        int prepared = submissions.publish();
        return prepared == 0 ? 0 : enter(prepared, 0, 0, 0, 0);
    }

    /** Hands over what is prepared, and waits for so many completions; it ends early when a signal comes. */
    public int submitAndWait(int wanted) {
        return enter(submissions.publish(), wanted, RingLayout.IORING_ENTER_GETEVENTS, 0, 0);
    }

    /** As {@link #submitAndWait(int)}, but no longer than {@code nanos} where the kernel can bound it (5.11). */
    public int submitAndWait(int wanted, long nanos) {
        if (!timedWait) {
            return submitAndWait(wanted);
        }
        waitArgument.set(ValueLayout.JAVA_LONG, RingLayout.GETEVENTS_ARG_SIZE, nanos / 1_000_000_000);
        waitArgument.set(ValueLayout.JAVA_LONG, RingLayout.GETEVENTS_ARG_SIZE + 8, nanos % 1_000_000_000);
        return enter(
                submissions.publish(),
                wanted,
                RingLayout.IORING_ENTER_GETEVENTS | RingLayout.IORING_ENTER_EXT_ARG,
                waitArgument.address(),
                RingLayout.GETEVENTS_ARG_SIZE);
    }

    private int enter(int submit, int wait, int flags, long argument, long size) {
        if (!enabled) {
            enable();
        }
        long result = kernel.call(Syscall.IO_URING_ENTER, fd.number(), submit, wait, flags, argument, size);
        if (result >= 0) {
            return (int) result;
        }
        return switch (Errno.of(-result)) {
            case EAGAIN, EBUSY, EINTR, ETIME -> 0;
            default -> (int) check(result, Syscall.IO_URING_ENTER, "submit=" + submit + " wait=" + wait);
        };
    }

    private void enable() {
        register(RingLayout.IORING_REGISTER_ENABLE_RINGS, 0, 0, "enable");
        enabled = true;
    }

    /** Takes all completions that have arrived. @return how many */
    public int reap(CompletionHandler handler) {
        return reap(handler, Integer.MAX_VALUE);
    }

    /** Takes up to {@code limit} completions that have arrived. It does not wait. @return how many */
    public int reap(CompletionHandler handler, int limit) {
        if (submissions.needsEnter()) {
            enter(0, 0, RingLayout.IORING_ENTER_GETEVENTS, 0, 0);
        }
        return completions.take(handler, limit);
    }

    /** Whether {@link #reap} would find something, or might after asking the kernel. */
    public boolean hasCompletions() {
        return !completions.isEmpty() || submissions.needsEnter();
    }

    /** Requests prepared or submitted, and not yet reaped. */
    public int inFlight() {
        return (int) (begun - completions.ended());
    }

    /** Entries of the submission queue. */
    public int size() {
        return submissions.size();
    }

    /** Readable while {@link #reap} would find something; for epoll. Owned by this ring. */
    public Fd fd() {
        return fd;
    }

    /** Makes the ring's table of files, empty. @param size slots, at most RLIMIT_NOFILE and 32768 */
    public void fileTable(int size) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment none = arena.allocate(4L * size, 4).fill((byte) -1);
            register(RingLayout.IORING_REGISTER_FILES, none.address(), size, "file table of " + size);
        }
    }

    /** Puts an open file into a slot of the table, in place of what is there. The ring has its own hold on the file. */
    public RingFile install(int slot, Fd file) {
        update(slot, file.number());
        return RingFile.slot(slot);
    }

    /** Empties a slot. The file is let go when the last request on it has ended. */
    public void uninstall(int slot) {
        update(slot, -1);
    }

    private void update(int slot, int number) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment update = arena.allocate(RingLayout.FILES_UPDATE_SIZE, 8);
            MemorySegment file = arena.allocateFrom(ValueLayout.JAVA_INT, number);
            update.set(ValueLayout.JAVA_INT, RingLayout.UPDATE_OFFSET, slot);
            update.set(ValueLayout.JAVA_LONG, RingLayout.UPDATE_FDS, file.address());
            register(RingLayout.IORING_REGISTER_FILES_UPDATE, update.address(), 1, "file slot " + slot);
        }
    }

    /**
     * Pins buffers for {@link #readFixed} and {@link #writeFixed}, numbered from 0. Each is at most 1 GiB, there are at
     * most 16384; without CAP_IPC_LOCK they count against RLIMIT_MEMLOCK.
     *
     * @return 0, or minus the errno: ENOMEM over the limit, EOPNOTSUPP for memory that cannot be pinned; go on without
     */
    public int tryRegisterBuffers(IoVec buffers) {
        long result = kernel.call(
                Syscall.IO_URING_REGISTER,
                fd.number(),
                RingLayout.IORING_REGISTER_BUFFERS,
                buffers.address(),
                buffers.count(),
                0,
                0);
        Reference.reachabilityFence(buffers);
        return (int) result;
    }

    /** Lets the buffers go. No request on them may be in flight. */
    public void unregisterBuffers() {
        register(RingLayout.IORING_UNREGISTER_BUFFERS, 0, 0, "no buffers");
    }

    /** Has an eventfd signalled at each completion. */
    public void eventFd(EventFd event) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number =
                    arena.allocateFrom(ValueLayout.JAVA_INT, event.fd().number());
            register(RingLayout.IORING_REGISTER_EVENTFD, number.address(), 1, "eventfd");
        }
    }

    /**
     * Whether completions are announced by the eventfd, as they are at first. An owner that is awake switches it off, and
     * on again before it looks at {@link #hasCompletions} for the last time and sleeps.
     *
     * <p>The ring's own descriptor does not do for sleeping: with DEFER_TASKRUN Linux 6.18 does not wake its pollers
     * when a request that a kernel thread carried out has ended.
     */
    public void announces(boolean on) {
        completions.announces(on);
    }

    /** No longer signals the eventfd. */
    public void noEventFd() {
        register(RingLayout.IORING_UNREGISTER_EVENTFD, 0, 0, "no eventfd");
    }

    private void register(int what, long argument, int count, String name) {
        long result = kernel.call(Syscall.IO_URING_REGISTER, fd.number(), what, argument, count, 0, 0);
        check(result, Syscall.IO_URING_REGISTER, name);
    }

    /**
     * Ends the ring. Requests in flight are cancelled or end by themselves later, and may touch their memory until then:
     * where that matters, reap until {@link #inFlight} is 0 first. Any use afterwards throws
     * {@link IllegalStateException}.
     */
    @Override
    public void close() {
        // the descriptor last: the mappings are of its file, and a use in between fails on the mapping
        entries.close();
        rings.close();
        fd.close();
    }
}
