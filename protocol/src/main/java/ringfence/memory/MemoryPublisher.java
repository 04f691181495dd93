package ringfence.memory;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The current memory table, its users, and the resources that may go when nobody holds an older table any more.
 * {@link #publish}, {@link #retire}, {@link #reclaim} and {@link #close} belong to one owner thread; {@link #current}
 * and {@link #register} to any thread.
 */
public final class MemoryPublisher implements AutoCloseable {
    private record Retired(long lastVersion, AutoCloseable resource) {}

    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    private final CopyOnWriteArrayList<MemoryUser> users = new CopyOnWriteArrayList<>();
    private final List<Retired> retired = new ArrayList<>();
    private volatile MemoryTable current;

    /** Begins with this table. */
    public MemoryPublisher(MemoryTable first) {
        current = first;
    }

    /** The newest table. To use it, pin it: {@link MemoryUser#adopt}. */
    public MemoryTable current() {
        return current;
    }

    /** A new user, which holds nothing yet. */
    public MemoryUser register() {
        MemoryUser user = new MemoryUser(this);
        users.add(user);
        return user;
    }

    void unregister(MemoryUser user) {
        users.remove(user);
    }

    /**
     * Publishes the next table. Users go over when they are ready.
     *
     * @throws IllegalArgumentException if its version is not above the current one
     */
    public void publish(MemoryTable next) {
        if (next.version() <= current.version()) {
            throw new IllegalArgumentException("version " + next.version() + " after " + current.version());
        }
        current = next;
    }

    /** Takes over a mapping or descriptor that the table before the current one was the last to contain. */
    public void retire(AutoCloseable resource) {
        retired.add(new Retired(current.version() - 1, resource));
    }

    /**
     * Closes what no user can reach any more.
     *
     * @return how many resources still wait for a user
     */
    public int reclaim() {
        long oldest = oldestHeld();
        Iterator<Retired> i = retired.iterator();
        while (i.hasNext()) {
            Retired one = i.next();
            if (one.lastVersion < oldest) {
                i.remove();
                close(one.resource);
            }
        }
        return retired.size();
    }

    /**
     * Waits until no user holds a table older than the current one, then reclaims.
     *
     * @param nanos at most this long
     * @return false if a user still holds an older table
     */
    public boolean quiesce(long nanos) {
        long start = System.nanoTime();
        while (oldestHeld() < current.version()) {
            if (System.nanoTime() - start >= nanos) {
                return false;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        reclaim();
        return true;
    }

    private long oldestHeld() {
        long oldest = MemoryUser.NOTHING;
        for (MemoryUser user : users) {
            oldest = Math.min(oldest, user.heldVolatile());
        }
        return oldest;
    }

    /** Closes all that was retired. Every user has let go. */
    @Override
    public void close() {
        retired.forEach(one -> close(one.resource));
        retired.clear();
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("cannot close " + resource, e);
        }
    }
}
