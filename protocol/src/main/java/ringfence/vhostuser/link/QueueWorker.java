package ringfence.vhostuser.link;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.IdleStrategy;
import ringfence.linux.EventFd;
import ringfence.linux.Linux;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.QueueState;
import ringfence.virtio.queue.Verdict;
import ringfence.virtio.queue.Virtqueue;

/**
 * The owner of one started queue, from start to drained: an Agrona agent on a thread of its own, and that thread's idle
 * strategy. This is the path of every request: it allocates nothing, takes no lock, logs nothing, and makes no system
 * call per request.
 *
 * <p>A duty cycle: a word from the connection's thread, completions, then up to a batch of chains; at its end, and every few
 * completions, a decision whether to interrupt. When there was nothing to do for a while, it asks for kicks and wake-ups and sleeps.
 *
 * <p>The connection's thread talks to it through {@link #call}, {@link #stop} and {@link #state}; nothing else is shared.
 */
final class QueueWorker implements Agent, IdleStrategy, Completions {
    private static final long COMMAND_NANOS = 20_000;
    /** Completions after which the guest is told, although the batch goes on: both work at the same time then. */
    private static final int TOLD_AFTER = 8;

    private final QueueStart start;
    private final Virtqueue queue;
    private final QueueEngine engine;
    /** The same engine, if it takes its chains itself; else null, and so is the supply. */
    private final ReceiveEngine receiver;

    private final RingSupply supply;
    private final InflightQueue inflight;
    private final ChainCursor chain;
    private final QueueStats stats;
    private final Sleeper sleeper;
    private final int maxBatch;
    private final Consumer<Throwable> onFailure;
    private final Consumer<String> log;

    private EventFd call;
    private int usedIndex;
    private int completions;
    private int replayed;
    private boolean begun;
    private boolean broken;

    /** Set once by the connection's thread. */
    private volatile boolean stopping;
    /** Set by the connection's thread, cleared by the worker: one at a time. */
    private volatile Runnable command;
    /** The last thing that the worker writes; not if it gives up. */
    private volatile QueueState state;

    /**
     * A worker that has not begun.
     *
     * @param onFailure told, on the worker's thread, why it had to give up; it has then ended without draining
     */
    QueueWorker(
            Linux linux,
            QueueStart start,
            IdlePolicy idle,
            QueueStats stats,
            Consumer<String> log,
            Consumer<Throwable> onFailure) {
        this.start = start;
        this.stats = stats;
        this.log = log;
        this.onFailure = onFailure;
        queue = start.queue();
        engine = start.engine();
        inflight = start.inflight();
        usedIndex = start.usedIndex();
        call = start.call();
        chain = ChainCursor.forQueueSize(queue.config().size());
        maxBatch = idle.maxBatch();
        sleeper = new Sleeper(linux, idle, start.kick(), engine.wakeup(), engine.source());
        receiver = engine instanceof ReceiveEngine one ? one : null;
        supply = receiver == null ? null : new RingSupply(start);
    }

    @Override
    public String roleName() {
        return start.name();
    }

    @Override
    public int doWork() {
        try {
            return cycle();
        } catch (AgentTerminationException e) {
            throw e;
        } catch (RuntimeException | InternalError e) {
            // InternalError: memory that the front-end has truncated under us
            onFailure.accept(e);
            throw new AgentTerminationException();
        }
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
            completions = 0;
            interrupt();
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
            engine.submit(chain, this);
            CrashPoint.reach(CrashPoint.SUBMITTED);
        }
        if (taken > 0) {
            engine.flush();
            stats.batch(taken);
        }
        return taken;
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
            engine.submit(chain, this);
        }
        engine.flush();
        stats.replayed(replayed - before);
        return replayed - before;
    }

    @Override
    public void complete(int head, int written) {
        if (inflight != null) {
            inflight.completing(head);
        }
        queue.complete(head, written);
        usedIndex = usedIndex + 1 & 0xFFFF;
        if (inflight != null) {
            inflight.completed(head, usedIndex);
        }
        if (++completions == TOLD_AFTER) {
            completions = 0;
            interrupt();
        }
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
        if (engine.inFlight() > 0) {
            return;
        }
        if (completions > 0) {
            completions = 0;
            interrupt();
        }
        state = queue.stop();
        throw new AgentTerminationException();
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

    @Override
    public void onClose() {
        sleeper.close();
    }

    // ---- waiting ------------------------------------------------------------------------------------------------

    @Override
    public void idle(int workCount) {
        if (workCount > 0) {
            sleeper.worked();
            return;
        }
        stats.emptyPoll();
        if (!sleeper.spin()) {
            sleep();
        }
    }

    private void sleep() {
        boolean takes = !stopping && !broken && engine.canTake();
        if (takes && queue.armKick() || canGoOn()) {
            awake(takes);
            return;
        }
        // The order: arm, then look for a word, then sleep. A word is written before the wake-up is signalled, and the
        // wake-up stays readable, so none is slept over.
        if (command == null && (!stopping || engine.inFlight() > 0)) {
            stats.sleep();
            if (sleeper.sleep()) {
                stats.kick();
            }
        }
        awake(takes);
    }

    /** Arms the engine's wake-up. @return whether there is something to do for it at once */
    private boolean canGoOn() {
        boolean waits = !stopping && !broken;
        boolean asked = receiver == null ? engine.inFlight() > 0 || waits && !engine.canTake() : waits;
        return asked && engine.armWakeup();
    }

    private void awake(boolean armed) {
        if (armed) {
            queue.disarmKick();
        }
        engine.disarmWakeup();
    }

    @Override
    public void idle() {
        idle(0);
    }

    @Override
    public void reset() {
        sleeper.worked();
    }

    // ---- for the connection's thread --------------------------------------------------------------------------

    /** Gives it another call eventfd, signals that once, and returns when the old one is no longer used. */
    void call(EventFd other, Thread worker) {
        command = () -> {
            call = other;
            if (other != null) {
                other.signal(); // what was completed since the old one was last looked at
            }
        };
        sleeper.wake();
        while (command != null && worker.isAlive()) {
            LockSupport.parkNanos(COMMAND_NANOS);
        }
    }

    /** Asks it to take nothing more, to drain, and to end. */
    void stop() {
        stopping = true;
        sleeper.wake();
    }

    /** Where the queue stands; null before the end, and if the worker gave up. */
    QueueState state() {
        return state;
    }
}
