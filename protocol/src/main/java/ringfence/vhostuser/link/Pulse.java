package ringfence.vhostuser.link;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import ringfence.linux.Linux;

/**
 * How the queues of a daemon get on. Where a supervisor has given it a {@link Heartbeat}, a thread of its own tells that
 * there: that this process runs, and whether one of its queues' workers is inside one and the same turn for long. A worker
 * that sleeps, for want of a kick or of a completion, gets on. Any thread.
 */
public final class Pulse {
    /** A worker in one system call may be waiting for a disk that is slow, and a successor would wait for the same. */
    private static final long STUCK = TimeUnit.SECONDS.toNanos(30);

    /** What {@link #stuck} has seen of a worker. */
    private static final class Seen {
        long turns = -1;
        long since;
    }

    private final Map<QueueWorker, Seen> running = new ConcurrentHashMap<>();
    private final AtomicLong poisoned = new AtomicLong();

    /** Of a daemon that serves nothing yet. */
    public Pulse() {
        // nobody runs
    }

    /**
     * Beats from now on until the process ends, if the environment names a heartbeat. The first beat is there when this returns:
     * who is not served before is never without one.
     *
     * @throws IllegalArgumentException if it names something else; one line
     */
    public void beat(Linux linux, Map<String, String> environment) {
        Optional<Heartbeat> heartbeat = Heartbeat.inherited(linux, environment);
        heartbeat.ifPresent(page -> {
            page.beat(0, poisoned.get());
            Thread.ofPlatform().name("heartbeat").daemon().start(() -> beat(page));
        });
    }

    /** Whether no worker has been stuck for half a minute. */
    public boolean getsOn() {
        return stuck(System.nanoTime()) < STUCK;
    }

    /** Beats for nobody, so that an AOT cache that is trained knows what a heartbeat takes. */
    public void train(Linux linux) {
        try (Heartbeat page = Heartbeat.create(linux)) {
            beat(
                    linux,
                    Map.of(
                            Heartbeat.VARIABLE,
                            Integer.toString(page.file().duplicate().release())));
        }
    }

    private void beat(Heartbeat page) {
        try {
            while (true) {
                page.beat(TimeUnit.NANOSECONDS.toMillis(stuck(System.nanoTime())), poisoned.get());
                Thread.sleep(Heartbeat.BETWEEN_MILLIS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    void begins(QueueWorker worker) {
        running.put(worker, new Seen());
    }

    void ends(QueueWorker worker) {
        running.remove(worker);
    }

    /** A request has been failed because two daemons had died with it. */
    void poisoned() {
        poisoned.incrementAndGet();
    }

    /** For how long, in nanoseconds, the worker has been in its turn that is in it for the longest. */
    synchronized long stuck(long now) {
        long longest = 0;
        for (Map.Entry<QueueWorker, Seen> one : running.entrySet()) {
            Seen seen = one.getValue();
            long turns = one.getKey().turns();
            if (turns != seen.turns || (turns & 1) == 1) {
                seen.turns = turns;
                seen.since = now;
            }
            longest = Math.max(longest, now - seen.since);
        }
        return longest;
    }
}
