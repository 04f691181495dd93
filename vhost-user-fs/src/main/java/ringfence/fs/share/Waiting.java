package ringfence.fs.share;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.tree.LockFiles;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Timer;
import ringfence.vhostuser.link.Completions;
import ringfence.virtio.queue.ChainCursor;

/**
 * The requests of one queue that wait for a lock (SETLKW). Their chains stay in flight, the queue goes on with others. They are
 * asked for again when a lock of this guest is let go of, and every now and then, because the host's processes tell nobody:
 * after a millisecond, then less and less often, each 50 ms in the end.
 *
 * <p>A FUSE_INTERRUPT ends one with EINTR. Virtio 1.3 (5.11.6.2) has it sent on the high-priority queue; it is heard on any.
 * Linux sends none: from 6.1 to 6.12 the hook of its virtio_fs for that is empty. A process of such a guest
 * that waits can therefore not even be killed before its lock is free, or the device is reset. So one that would close a ring
 * of processes that wait for each other must not begin to ({@link DeadlockSearch}).
 *
 * <p>The queue's thread, but for {@link LockFiles}, which tells it on any, under its monitor.
 */
final class Waiting implements AutoCloseable {
    /** Most of a queue: they hold descriptors of its ring. */
    static final int MOST = 64;

    private static final long FIRST_NANOS = 1_000_000;
    private static final long LAST_NANOS = 50_000_000;

    private final LockFiles files;
    private final LockOps locks;
    private final Call call;
    private final Timer timer;
    private final EventFd bell;
    private final Runnable onChange = this::ring;
    private final LongConsumer onInterrupt = this::interrupt;
    /** Changed under the monitor of {@link #files}, as is {@link #interrupted}. */
    private final List<LockRequest> requests = new ArrayList<>();

    private final List<Long> interrupted = new ArrayList<>();
    private volatile boolean rung;
    private long delay;
    private long next;
    private boolean armed;

    Waiting(Share share, LockOps locks, Call call) {
        this.locks = locks;
        this.call = call;
        files = share.tree().locks();
        Linux linux = share.linux();
        timer = new Timer(linux);
        try {
            bell = linux.events().eventFd();
        } catch (RuntimeException e) {
            timer.close();
            throw e;
        }
    }

    /** Readable when it is time to ask again. */
    Fd timer() {
        return timer.fd();
    }

    /** Rings when a lock is let go of. */
    Fd bell() {
        return bell.fd();
    }

    int count() {
        return requests.size();
    }

    /**
     * One more waits.
     *
     * @return 0, or minus ENOLCK: there are too many, or it cannot wait; minus EDEADLK: it would for ever. It is the caller's then
     */
    int add(LockRequest request, ChainCursor chain) {
        if (requests.size() >= MOST || !request.keepPlace(chain)) {
            return Errors.ENOLCK;
        }
        synchronized (files) {
            if (!request.isFlock()) {
                if (locks.isDeadlock(request.wish())) {
                    return Errors.EDEADLK;
                }
                files.wishes().add(request.wish());
            }
            if (requests.isEmpty()) {
                files.await(onChange, onInterrupt);
            }
            requests.add(request);
        }
        again(System.nanoTime(), FIRST_NANOS);
        return 0;
    }

    private void again(long now, long nanos) {
        delay = nanos;
        next = now + nanos;
    }

    private void ring() {
        rung = true;
        bell.signal();
    }

    private void interrupt(long unique) {
        for (LockRequest request : requests) {
            if (request.unique() == unique && !interrupted.contains(unique)) {
                interrupted.add(unique);
                ring();
            }
        }
    }

    /** Asks again, where it is time. @return how many are answered */
    int ask(Completions done) {
        if (requests.isEmpty()) {
            return 0;
        }
        long now = System.nanoTime();
        boolean told = rung;
        if (!told && now - next < 0) {
            return 0;
        }
        rung = false;
        int answered = 0;
        for (int i = 0; i < requests.size(); ) {
            LockRequest request = requests.get(i);
            int result = takeInterrupt(request.unique()) ? Errors.EINTR : locks.attempt(call, request);
            if (result == Errors.EAGAIN) {
                i++;
            } else {
                remove(i);
                answer(request, result, done);
                answered++;
            }
        }
        again(now, told ? FIRST_NANOS : Math.min(2 * delay, LAST_NANOS));
        return answered;
    }

    private boolean takeInterrupt(long unique) {
        synchronized (files) {
            return interrupted.remove(Long.valueOf(unique));
        }
    }

    private void remove(int i) {
        synchronized (files) {
            endWish(requests.remove(i));
            if (requests.isEmpty()) {
                files.leave(onChange, onInterrupt);
                interrupted.clear();
            }
        }
    }

    private void endWish(LockRequest request) {
        if (!request.isFlock()) {
            files.wishes().remove(request.wish());
        }
    }

    private void answer(LockRequest request, int result, Completions done) {
        if (result < 0) {
            call.counters.add(FsCounter.ERRORS);
        }
        call.reply.begin(request.unique());
        call.reply.finish(result);
        request.answer(call.reply.memory());
        done.complete(request.head(), OutLayout.HEADER);
        call.share.crash().reach(CrashPoints.At.REPLIED, request.opcode());
    }

    /** The thread is about to sleep. @return true: it must not */
    boolean arm() {
        armed = true;
        timer.arm(Math.max(1, next - System.nanoTime()));
        return rung;
    }

    void disarm() {
        if (armed) {
            armed = false;
            timer.disarm();
        }
    }

    /**
     * The queue stops. Those that are recorded in flight are left so, for who runs it next; others are answered EAGAIN, which is
     * better than never.
     */
    void letGo(boolean recorded, Completions done) {
        while (!requests.isEmpty()) {
            LockRequest request = requests.getFirst();
            remove(0);
            if (!recorded) {
                answer(request, Errors.EAGAIN, done);
            }
        }
    }

    /** Nobody is asked for any more. */
    @Override
    public void close() {
        synchronized (files) {
            requests.forEach(this::endWish);
            requests.clear();
            files.leave(onChange, onInterrupt);
        }
        timer.close();
        bell.close();
    }
}
