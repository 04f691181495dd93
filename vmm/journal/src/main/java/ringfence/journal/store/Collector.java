package ringfence.journal.store;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import ringfence.journal.RingException;
import ringfence.journal.Rings;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;

/** Drains the rings of a folder into a store, whose only writer it is. One thread. */
public final class Collector implements AutoCloseable {
    private static final long LOOK_MILLIS = 500;
    private static final long TIDY_MILLIS = TimeUnit.MINUTES.toMillis(1);

    private final Linux linux;
    private final Path rings;
    private final Path store;
    private final Retention retention;
    private final InstantSource clock;
    private final Consumer<String> log;
    private final Fd lock;
    private final Map<String, DrainedRing> open = new HashMap<>();
    private final Set<String> refused = new HashSet<>();
    private long lookAt;
    private long tidyAt;

    private Collector(
            Linux linux,
            Path rings,
            Path store,
            Retention retention,
            InstantSource clock,
            Consumer<String> log,
            Fd lock) {
        this.linux = linux;
        this.rings = rings;
        this.store = store;
        this.retention = retention;
        this.clock = clock;
        this.log = log;
        this.lock = lock;
    }

    /**
     * Opens a store.
     *
     * @param log told what goes wrong with a ring, a line each
     * @throws IllegalStateException if another collector has it; one line
     * @throws IOException if it cannot be made
     */
    public static Collector open(
            Linux linux,
            Path rings,
            Path store,
            Retention retention,
            InstantSource clock,
            Consumer<String> log)
            throws IOException {
        Store.make(store);
        Path file = store.resolve("lock");
        Fd lock = linux.files().open(file.toString(), 0600, OpenFlag.RDWR, OpenFlag.CREAT, OpenFlag.NOFOLLOW);
        if (!linux.files().tryLock(lock, LockType.WRITE, 0, 0)) {
            lock.close();
            throw new IllegalStateException(store + ": another ringfence-journal writes it");
        }
        return new Collector(linux, rings, store, retention, clock, log, lock);
    }

    /** Takes what all rings hold. @return whether anything was there */
    public boolean turn() throws IOException {
        long now = clock.millis();
        if (now >= lookAt) {
            lookAt = now + LOOK_MILLIS;
            look();
        }
        if (now >= tidyAt) {
            tidyAt = now + TIDY_MILLIS;
            tidy(now);
        }
        boolean taken = false;
        for (DrainedRing ring : List.copyOf(open.values())) {
            taken |= drain(ring);
            if (ring.isOver()) {
                ring.remove();
                ring.close();
                open.remove(ring.name());
            }
        }
        return taken;
    }

    private boolean drain(DrainedRing ring) throws IOException {
        try {
            return ring.drain(retention.hasRoom(ring.folder(), clock.millis()));
        } catch (InternalError _) { // may come some steps late
            ring.fail("its file was cut");
            return false;
        }
    }

    /** How many VMs have a ring here. */
    public int size() {
        return open.size();
    }

    private void look() throws IOException {
        List<String> names = Rings.names(rings);
        refused.retainAll(names);
        for (String name : names) {
            if (!open.containsKey(name) && !refused.contains(name)) {
                try {
                    open.put(name, DrainedRing.open(linux, rings, store, name, log));
                } catch (RingException e) {
                    refused.add(name);
                    log.accept(e.getMessage());
                }
            }
        }
    }

    private void tidy(long now) throws IOException {
        for (String name : retention.apply(store, open.keySet(), now)) {
            if (open.containsKey(name)) {
                open.get(name).queue().refresh();
            } else {
                try (VmQueue queue = VmQueue.open(store.resolve(name))) {
                    queue.refresh();
                }
            }
        }
    }

    @Override
    public void close() {
        new ArrayList<>(open.values()).forEach(DrainedRing::close);
        open.clear();
        lock.close();
    }
}
