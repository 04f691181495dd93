package ringfence.vmm.device.remote;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import ringfence.linux.EventFd;
import ringfence.memory.MemoryTable;
import ringfence.vhostuser.link.InflightShare;
import ringfence.vhostuser.link.PeerException;
import ringfence.vhostuser.link.PeerException.Disposition;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueException;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.device.QueueEvents;

/**
 * What the guest has set up on a remote device, and what outlives a back-end: features, queues that run, the inflight region,
 * and who waits for what. The link thread only. What talks to a back-end throws {@link PeerException}.
 *
 * <p>A command that meets no connection (null) waits here until a successor has been set up: a queue to be started is started
 * then, one to be stopped is started and drained, and a reset is done when the successor has taken the fence, for only then
 * can nothing of the predecessor still land in guest memory. Where there is no fence, as for a network device and for a
 * back-end that tracks nothing, its death is enough.
 */
final class GuestQueues {
    private final Profile profile;
    private final MemoryTable memory;
    private final int queueSize;
    private final List<EventFd> errs;
    private final LinkEvents events;
    private final TreeMap<Integer, RemoteQueue> queues = new TreeMap<>();
    private final List<CompletableFuture<Void>> resets = new ArrayList<>();
    private InflightShare share; // null: none
    private long acknowledged;
    private long used; // those of the acknowledged ones that the guest wants at present
    private int enabled; // so many queues are in use, the first ones

    /** @param errs for each queue that there can be, what a back-end rings when its ring is broken; their owner's */
    GuestQueues(Profile profile, MemoryTable memory, int queueSize, List<EventFd> errs, LinkEvents events) {
        this.profile = profile;
        this.memory = memory;
        this.queueSize = queueSize;
        this.errs = errs;
        this.events = events;
        enabled = profile.enabledAtFirst();
    }

    /** Features that the guest has taken; 0: none yet. */
    long acknowledged() {
        return acknowledged;
    }

    /** Whether the guest waits for a reset. */
    boolean awaitReset() {
        return !resets.isEmpty();
    }

    /** Whether a back-end's death is not enough: it may have left something for a successor to finish. */
    boolean areFenced() {
        return share != null;
    }

    /** Those in which what is made available has to be used soon. */
    List<QueueConfig> inUse() {
        return queues.values().stream()
                .filter(queue -> queue.begun && queue.index < enabled && profile.completes(queue.index))
                .map(queue -> queue.config)
                .toList();
    }

    // ---- from back-end to back-end ------------------------------------------------------------------------------

    /** Gives a successor what its predecessor had, so that the guest notices nothing. */
    void resume(Connection to) {
        if (acknowledged == 0) {
            return;
        }
        prepare(to);
        if (awaitReset()) {
            return; // settle() ends them; nothing is started again
        }
        List<RemoteQueue> begun = begun();
        for (RemoteQueue queue : begun) {
            if (profile.tracked() && !to.tracksInflight() && !queue.isIdle(memory)) {
                events.needsReset("the back-end has died with requests in flight, and tracks none");
                return;
            }
        }
        begun.forEach(queue -> takeUp(queue, to));
    }

    private List<RemoteQueue> begun() {
        return queues.values().stream().filter(queue -> queue.begun).toList();
    }

    /** Starts a queue that has run before, where it stands. */
    private void takeUp(RemoteQueue queue, Connection to) {
        start(queue, to);
        queue.events.kick().signal(); // a kick that was taken before is not rung again
        queue.events.call().signal(); // an interrupt that was owed neither
    }

    private void prepare(Connection to) {
        if (!to.tracksInflight() && share != null) {
            share.close(); // what it says would be stale for whoever comes after this one
            share = null;
        }
        long features = awaitReset() ? used & to.features() : used;
        share = to.prepare(features, memory, share, errs.size(), queueSize);
    }

    private void start(RemoteQueue queue, Connection to) {
        QueueState from = queue.from(memory);
        queue.begun = true; // also if this fails half-way
        to.frontend()
                .startQueue(
                        queue.index,
                        queue.config,
                        from,
                        queue.events.kick(),
                        queue.events.call(),
                        queue.err,
                        queue.index < enabled);
    }

    /** Does what was asked for while nobody was there, or just now. */
    void settle(Connection to) {
        if (awaitReset()) {
            to.reset(begun());
            to.forgetInflight();
            forget();
        }
        for (RemoteQueue queue : List.copyOf(queues.values())) {
            if (!queue.started.isDone()) {
                begin(queue, to);
            }
            if (queue.stopping != null && queues.get(queue.index) == queue) {
                QueueState at = to.frontend().stopQueue(queue.index);
                queues.remove(queue.index);
                queue.stopping.complete(at);
            }
        }
    }

    private void begin(RemoteQueue queue, Connection to) {
        try {
            if (!queue.begun) {
                start(queue, to);
            }
            queue.started.complete(null);
        } catch (PeerException e) {
            if (e.disposition() != Disposition.FATAL) {
                throw e;
            }
            queues.remove(queue.index); // the ring is no memory: the guest's fault, not the back-end's
            queue.started.completeExceptionally(e);
        } catch (QueueException e) {
            queues.remove(queue.index);
            queue.started.completeExceptionally(e);
        }
    }

    /** Stops those that run, drained, for a successor. */
    void drain(Connection from) {
        begun().forEach(queue -> from.frontend().stopQueue(queue.index));
    }

    /** Does something while the queues stand still, drained; they go on where they stood. */
    void betweenRequests(Connection with, Runnable action) {
        List<RemoteQueue> running =
                begun().stream().filter(queue -> queue.stopping == null).toList();
        running.forEach(queue -> with.frontend().stopQueue(queue.index));
        action.run();
        running.forEach(queue -> takeUp(queue, with));
    }

    /** The guest has let go of everything: so is it here, and who waited for it is told. */
    void forget() {
        freeShare();
        for (RemoteQueue queue : queues.values()) {
            queue.started.completeExceptionally(new IllegalStateException("the device was reset"));
            if (queue.stopping != null) {
                queue.stopping.complete(QueueState.FRESH);
            }
        }
        queues.clear();
        acknowledged = 0;
        used = 0;
        enabled = profile.enabledAtFirst();
        List<CompletableFuture<Void>> done = List.copyOf(resets);
        resets.clear();
        done.forEach(reset -> reset.complete(null));
    }

    private void freeShare() {
        if (share != null) {
            share.close();
            share = null;
        }
    }

    /** There will be no further back-end. */
    void close() {
        freeShare();
        queues.values().forEach(queue -> {
            queue.started.completeExceptionally(new IllegalStateException("the device was closed"));
            if (queue.stopping != null) {
                queue.stopping.completeExceptionally(new IllegalStateException("the device was closed"));
            }
        });
        resets.forEach(reset -> reset.complete(null)); // its connection is closed: there is no more to be had
    }

    // ---- commands; the connection is null where there is none ------------------------------------------------------

    void acknowledge(long features, Connection to) {
        acknowledged = features;
        used = features;
        if (to != null) {
            prepare(to);
        }
    }

    /** Goes by these features: a back-end hears of them only while nothing runs. */
    void use(long features, Connection to) {
        if (features == used || (features & ~acknowledged) != 0) {
            return; // the guest has meanwhile begun anew
        }
        used = features;
        if (to != null && !awaitReset()) {
            betweenRequests(to, () -> prepare(to));
        }
    }

    void start(
            int index,
            QueueConfig config,
            QueueState from,
            QueueEvents bells,
            CompletableFuture<Void> started,
            Connection to) {
        queues.put(index, new RemoteQueue(index, config, from, bells, errs.get(index), started));
        if (to != null) {
            settle(to);
        }
    }

    /** Uses that many queues, the first ones; those that start later too, and those of a successor. */
    void enable(int count, Connection to) {
        int before = enabled;
        enabled = count;
        if (to == null) {
            return;
        }
        for (RemoteQueue queue : begun()) {
            boolean on = queue.index < count;
            if (on != queue.index < before) {
                to.frontend().enable(queue.index, on);
            }
        }
    }

    void stop(int index, CompletableFuture<QueueState> stopped, Connection from) {
        RemoteQueue queue = queues.get(index);
        if (queue == null) {
            stopped.completeExceptionally(new IllegalStateException("queue " + index + " does not run"));
            return;
        }
        queue.stopping = stopped;
        if (from != null) {
            settle(from);
        }
    }

    void reset(CompletableFuture<Void> done, Connection of) {
        resets.add(done);
        if (begun().isEmpty()) {
            if (of != null) {
                of.forgetInflight();
            }
            forget();
        } else if (of != null) {
            settle(of);
        }
    }
}
