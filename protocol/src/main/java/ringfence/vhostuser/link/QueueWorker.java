package ringfence.vhostuser.link;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import ringfence.linux.EventFd;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.QueueState;
import ringfence.virtio.queue.Verdict;
import ringfence.virtio.queue.Virtqueue;

/**
 * The owner of one started queue, from start to drained, on a {@link WorkerThread}, which it may share with others. This is
 * the path of every request: it allocates nothing, takes no lock, logs nothing, and makes no system call per request.
 *
 * <p>A duty cycle: a word from the connection's thread, completions, then up to a batch of chains; at its end, and every few
 * completions, a decision whether to interrupt. Before its thread sleeps, it asks for kicks and wake-ups.
 *
 * <p>The connection's thread talks to it through {@link #call}, {@link #stop}, {@link #await} and {@link #state}; nothing
 * else is shared.
 */
final class QueueWorker implements Completions {
    private static final long COMMAND_NANOS = 20_000;
    /** Completions after which the guest is told, although the batch goes on: both work at the same time then. */
    private static final int TOLD_AFTER = 8;
    /** No head of a chain. */
    private static final int NONE = -1;
    /** Requests after which one that is timed counts as one that waits for somebody, such as for a lock. */
    private static final int GIVEN_UP_AFTER = 4096;

    private final QueueStart start;
    private final Virtqueue queue;
    private final QueueEngine engine;
    /** The same engine, if it takes its chains itself; else null, and so is the supply. */
    private final ReceiveEngine receiver;

    private final RingSupply supply;
    private final InflightQueue inflight;
    private final ChainCursor chain;
    private final QueueStats stats;
    private final int maxBatch;
    private final Consumer<Throwable> onFailure;
    private final Consumer<String> log;
    private final Pulse pulse;

    private EventFd call;
    private int usedIndex;
    private int completions;
    private int replayed;
    /** The request that is timed: one at a time, the first of a batch, since a clock for each would cost more than it tells. */
    private int timed = NONE;

    private long timedSince;
    private int untimed;
    private boolean begun;
    private boolean broken;
    /** Kicks are asked for. */
    private boolean armed;

    private boolean over;
    /** Its number on its thread. */
    private int token;

    private final CountDownLatch ended = new CountDownLatch(1);

    /** Grows with each look around, and is odd while the worker sleeps. Written by its thread only. */
    private final AtomicLong turns = new AtomicLong();

    /** Set once by the connection's thread. */
    private volatile boolean stopping;
    /** Set by the connection's thread, cleared by the worker: one at a time. */
    private volatile Runnable command;
    /** Written before it has ended; not if it gives up. */
    private QueueState state;

    /**
     * A worker that has not begun.
     *
     * @param onFailure told, on the worker's thread, why it had to give up; it has then ended without draining
     */
    QueueWorker(QueueStart start, BackendOptions options, QueueStats stats, Consumer<Throwable> onFailure) {
        this.start = start;
        this.stats = stats;
        log = options.log();
        pulse = options.pulse();
        this.onFailure = onFailure;
        queue = start.queue();
        engine = start.engine();
        inflight = start.inflight();
        usedIndex = start.usedIndex();
        call = start.call();
        chain = ChainCursor.forQueueSize(queue.config().size());
        maxBatch = options.idle().maxBatch();
        receiver = engine instanceof ReceiveEngine one ? one : null;
        supply = receiver == null ? null : new RingSupply(start);
    }

    QueueStart start() {
        return start;
    }

    int token() {
        return token;
    }

    /** Before its thread first works for it. */
    void token(int number) {
        token = number;
    }

    /**
     * A duty cycle; nothing once it {@link #isOver}. A failure ends it and nobody else.
     *
     * @return how much was done
     */
    int work() {
        turns.setOpaque(turns.getPlain() + 2);
        try {
            if (over) {
                return 0;
            }
            int work = cycle();
            queue.memory().raiseFaults(); // before it is somebody else's turn
            return work;
        } catch (RuntimeException | Error e) {
            fail(e);
            return 1;
        }
    }

    /**
     * Whatever it was, it is this queue's: its thread serves others, and somebody waits for its end. An InternalError is memory
     * that the front-end has truncated under us.
     */
    void fail(Throwable e) {
        over = true;
        onFailure.accept(e);
    }

    /** Whether it has nothing more to do, ever: its thread lets go of it, then tells it so by {@link #end}. */
    boolean isOver() {
        return over;
    }

    /** Its thread does not touch it any more. */
    void end() {
        engine.retired();
        ended.countDown();
    }

    private int cycle() {
        if (!begun) {
            begin();
        }
        int work = 0;
        Runnable next = command;
        if (next != null) {
            next.run();
            command = null;
            work++;
        }
        work += engine.reap(this);
        if (receiver != null) {
            work += receive();
        } else if (!broken && replayed < start.replay().length) {
            work += replay(); // to its end, even if it is to stop: what is recorded in flight must not stay so
        } else if (stopping) {
            drain();
        } else if (!broken) {
            work += take();
        }
        if (completions > 0) {
            tell();
        }
        return work;
    }

    private int take() {
        int taken = 0;
        while (taken < maxBatch && engine.canTake()) {
            Verdict verdict = queue.poll(chain);
            if (verdict != Verdict.CHAIN) {
                if (verdict == Verdict.BROKEN) {
                    broken();
                }
                break;
            }
            taken++;
            if (inflight != null) {
                inflight.taken(chain.head());
            }
            if (timed == NONE ? taken == 1 : ++untimed > GIVEN_UP_AFTER) {
                time(chain.head());
            }
            engine.submit(chain, this);
            CrashPoint.reach(CrashPoint.SUBMITTED);
        }
        if (taken > 0) {
            engine.flush();
            stats.batch(taken);
        }
        return taken;
    }

    private void time(int head) {
        timed = head;
        timedSince = System.nanoTime();
        untimed = 0;
    }

    /** Lets a receiver work; before it is to end, or when its ring is broken, it gives back what it holds. */
    private int receive() {
        if (stopping || broken) {
            receiver.release(supply);
            if (stopping) {
                drain();
            }
            return 0;
        }
        int work = receiver.receive(supply);
        int used = supply.usedSinceAsked();
        if (used > 0) {
            completions += used;
            stats.batch(used);
        }
        if (supply.isBroken()) {
            broken();
        }
        return work;
    }

    /** What a predecessor left in flight, in its order, before anything new. It is recorded already. */
    private int replay() {
        int[] heads = start.replay();
        int before = replayed;
        while (replayed < heads.length && engine.canTake()) {
            if (queue.load(heads[replayed], chain) != Verdict.CHAIN) {
                broken();
                break;
            }
            replayed++;
            if (inflight.again(chain.head()) > 0) {
                poisoned();
            } else {
                engine.submit(chain, this);
            }
        }
        engine.flush();
        stats.replayed(replayed - before);
        return replayed - before;
    }

    /** Who took it died with it in flight, and so did who began it again: whoever does so next may die of it as well. */
    private void poisoned() {
        log.accept("queue " + start.index() + ": the request at head " + chain.head()
                + " was under way when two daemons died; it is failed");
        stats.failedPoison();
        pulse.poisoned();
        engine.refuse(chain, this);
    }

    @Override
    public void complete(int head, int written) {
        if (head == timed) {
            timed = NONE;
            long nanos = System.nanoTime() - timedSince;
            stats.took(nanos);
            engine.timed(nanos);
        }
        if (inflight == null) {
            queue.use(head, written); // seen with the others of its batch
        } else {
            inflight.completing(head);
            queue.complete(head, written);
            usedIndex = usedIndex + 1 & 0xFFFF;
            inflight.completed(head, usedIndex);
        }
        if (++completions == TOLD_AFTER) {
            tell();
        }
    }

    /** The driver sees what has been completed, and is interrupted if it wants to be. */
    private void tell() {
        completions = 0;
        if (inflight == null && receiver == null) {
            queue.publish();
        }
        interrupt();
    }

    private void interrupt() {
        EventFd to = call;
        if (to != null && queue.needsInterrupt()) {
            to.signal();
            stats.interrupt();
        }
    }

    /** The guest has broken the ring: nothing more is taken from it, what is in flight still ends. */
    private void broken() {
        broken = true;
        log.accept("queue " + start.index() + " is broken by its driver: " + queue.fault());
        if (start.err() != null) {
            start.err().signal();
        }
    }

    private void drain() {
        CrashPoint.reach(CrashPoint.DRAINING);
        engine.letGo(inflight != null, this);
        if (engine.inFlight() > 0) {
            return;
        }
        if (completions > 0) {
            tell();
        }
        state = queue.stop();
        over = true;
    }

    private void begin() {
        begun = true;
        if (call != null && queue.needsInterrupt()) { // owed by a predecessor, who may have died before it
            call.signal();
            stats.interrupt();
        }
        if (receiver != null && !supply.takeBack(start.replay(), chain)) {
            broken();
        }
        queue.disarmKick();
    }

    // ---- waiting: its thread asks all workers, then sleeps, then tells them all -----------------------------------

    /** There was nothing to do. */
    void idled() {
        stats.emptyPoll();
    }

    /** Asks for kicks and wake-ups. @return whether there is something to do after all */
    boolean arm() {
        try {
            boolean waits = !stopping && !broken;
            armed = waits && engine.canTake();
            boolean more = armed && queue.armKick() || canGoOn(waits) || waits && !armed && engine.canTake();
            queue.memory().raiseFaults();
            return more;
        } catch (RuntimeException | Error e) {
            fail(e);
            return true;
        }
    }

    /**
     * Asked after {@link #arm}. A word is written before the wake-up is signalled, and the wake-up stays readable, so none
     * is slept over.
     *
     * @return whether the connection's thread has said something meanwhile
     */
    boolean hasWord() {
        return command != null || stopping && engine.inFlight() == 0;
    }

    /** The thread sleeps. */
    void slept() {
        turns.setOpaque(turns.getPlain() | 1);
        stats.sleep();
    }

    /** A kick has ended the sleep. */
    void kicked() {
        stats.kick();
    }

    /** Whether nobody kicks. */
    boolean isPolled() {
        return start.kick() == null;
    }

    /**
     * Arms the engine's wake-up where no kick is asked for, or something is under way. What the engine says may change with
     * time alone: it is asked once what to arm, and once more when that is armed. @return whether there is something to do for
     * it at once
     */
    private boolean canGoOn(boolean waits) {
        boolean asked = receiver == null ? engine.inFlight() > 0 || waits && !armed : waits;
        return asked && engine.armWakeup();
    }

    /** The thread is awake, or did not sleep. */
    void awake() {
        turns.setOpaque(turns.getPlain() + 1 & ~1L);
        try {
            if (armed) {
                queue.disarmKick();
            }
            engine.disarmWakeup();
            queue.memory().raiseFaults();
        } catch (RuntimeException | Error e) {
            fail(e);
        }
    }

    /** How often it has looked around, by any thread: it does not get on while that stays the same even number. */
    long turns() {
        return turns.getOpaque();
    }

    // ---- for the connection's thread --------------------------------------------------------------------------

    /** Gives it another call eventfd, signals that once, and returns when the old one is no longer used. */
    void call(EventFd other, WorkerThread thread) {
        command = () -> {
            call = other;
            if (other != null) {
                other.signal(); // what was completed since the old one was last looked at
            }
        };
        thread.wake();
        while (command != null && ended.getCount() > 0) {
            LockSupport.parkNanos(COMMAND_NANOS);
        }
    }

    /** Asks it to take nothing more, to drain, and to end. */
    void stop(WorkerThread thread) {
        stopping = true;
        thread.wake();
    }

    /** Waits until its thread does not touch it any more. An interrupt is kept for later: memory must not be unmapped under it. */
    void await() {
        boolean interrupted = false;
        while (ended.getCount() > 0) {
            try {
                ended.await();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where the queue stands, once it has ended; null if the worker gave up. */
    QueueState state() {
        return state;
    }
}
