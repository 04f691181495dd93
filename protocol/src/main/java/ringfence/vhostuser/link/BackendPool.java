package ringfence.vhostuser.link;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import ringfence.linux.Epoll;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * One listening socket for many front-ends at a time: each connection gets a seat, which is a device of its own with a
 * {@link Backend}, and gives it back when it ends. It owns the socket and one thread, which accepts; each connection has
 * threads of its own. Its public methods may be called by any thread.
 *
 * <p>A front-end that has hung up and comes again, because it was tired of waiting for instance, must not meet its own
 * queues still running: who comes is served when those who had hung up before that have drained.
 *
 * <p>A front-end that finds no seat is turned away, which is told once until there is one again.
 */
public final class BackendPool implements Serving {
    private static final int ALARM = 0;
    private static final int LISTENER = 1;
    private static final long MILLI = 1_000_000;
    private static final int PAUSE_MILLIS = 100;

    /** What serves a connection. */
    public record Seat(BackendDevice device, BackendOptions options) {}

    /** Makes what serves a connection; on the pool's thread. */
    @FunctionalInterface
    public interface Seats {
        /**
         * For the next front-end that gets a seat; who had it before has let go of all.
         *
         * @param index of the seat, from 0 on
         * @param frontend its connection, which stays the pool's
         */
        Seat seat(int index, Fd frontend);
    }

    /** A connection that waits until those who left before it came have drained. */
    private record Newcomer(Fd socket, List<Backend> leaving) {}

    /** A seat's place and who has it, or had it last. The thread only. */
    private static final class Place {
        private Backend backend; // null: nobody has had it yet

        boolean isTaken() {
            return backend != null && !backend.hasEnded();
        }
    }

    private final Linux linux;
    private final BackendSocket where;
    private final Seats maker;
    private final Consumer<String> log;
    private final long unusedNanos;
    private final Fd listener;
    private final Epoll epoll;
    private final EventFd alarm;
    private final List<Place> places;
    private final List<Newcomer> newcomers = new ArrayList<>();
    private final Thread thread;
    private volatile boolean stopping;
    private long unusedSince = System.nanoTime();
    private boolean full;
    /** Whether the alarm is closed; guarded by this. */
    private boolean ended;

    private BackendPool(
            Linux linux,
            BackendSocket where,
            Fd listener,
            int seats,
            Seats maker,
            Optional<Duration> unused,
            Consumer<String> log) {
        this.linux = linux;
        this.where = where;
        this.listener = listener;
        this.maker = maker;
        this.log = log;
        unusedNanos = unused.map(Duration::toNanos).orElse(Long.MAX_VALUE);
        places = Stream.generate(Place::new).limit(seats).toList();
        alarm = linux.events().eventFd();
        epoll = linux.events().epoll(2);
        epoll.add(alarm.fd(), Epoll.IN, ALARM);
        epoll.add(listener, Epoll.IN, LISTENER);
        thread = Thread.ofPlatform().name("seats").start(this::run);
    }

    /**
     * Serves a socket: one to be made at a path, which is unlinked at the end, or one that listens already.
     *
     * @param seats most connections at a time, 1 or more
     * @param maker makes each seat when it is taken, the first free one
     * @param unused it ends by itself after so long without a connection; empty: it does not
     * @param log takes one line at a time
     * @throws IllegalArgumentException with one line for the user
     */
    public static BackendPool open(
            Linux linux, BackendSocket where, int seats, Seats maker, Optional<Duration> unused, Consumer<String> log) {
        Fd listener = where.listener(linux);
        try {
            return new BackendPool(linux, where, listener, seats, maker, unused, log);
        } catch (RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    @Override
    public void await() throws InterruptedException {
        thread.join();
    }

    @Override
    public void close() {
        stopping = true;
        alert();
        Threads.awaitEnd(thread);
    }

    /** Makes the thread look around, if it still does. */
    private synchronized void alert() {
        if (!ended) {
            alarm.signal();
        }
    }

    // ---- the thread ---------------------------------------------------------------------------------------------

    private void run() {
        try {
            while (!stopping && !isOver()) {
                cycle();
            }
            if (!stopping) {
                log.accept("no front-end for " + unusedNanos / (1000 * MILLI) + " s: it ends");
            }
        } catch (RuntimeException e) {
            log.accept("the listener ends: " + e);
        } finally {
            end();
        }
    }

    private void cycle() {
        int ready = epoll.await(patience());
        for (int i = 0; i < ready; i++) {
            if (epoll.token(i) == ALARM) {
                alarm.drain();
            } else {
                accept();
            }
        }
        if (!stopping) {
            admit();
        }
    }

    private boolean isUsed() {
        return !newcomers.isEmpty() || places.stream().anyMatch(Place::isTaken);
    }

    private boolean isOver() {
        if (isUsed()) {
            unusedSince = System.nanoTime();
            return false;
        }
        return System.nanoTime() - unusedSince >= unusedNanos;
    }

    /** Milliseconds to sleep at most; -1: until something happens. */
    private int patience() {
        if (unusedNanos == Long.MAX_VALUE || isUsed()) {
            return -1;
        }
        long left = unusedNanos - (System.nanoTime() - unusedSince);
        return Math.clamp(left / MILLI + 1, 0, Integer.MAX_VALUE);
    }

    private void accept() {
        try {
            Optional<Fd> accepted;
            while ((accepted = linux.sockets().tryAccept(listener)).isPresent()) {
                List<Backend> leaving = new ArrayList<>();
                for (Place place : places) {
                    if (place.isTaken() && place.backend.isLeaving()) {
                        leaving.add(place.backend);
                    }
                }
                newcomers.add(new Newcomer(accepted.get(), leaving));
                if (newcomers.size() > places.size()) {
                    turnAway(newcomers.removeFirst());
                }
            }
        } catch (ErrnoException e) {
            log.accept("cannot accept: " + e.getMessage());
            pause();
        }
    }

    /** Without descriptors to spare the listener stays readable: do not spin. */
    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void admit() {
        for (Iterator<Newcomer> all = newcomers.iterator(); all.hasNext(); ) {
            Newcomer next = all.next();
            next.leaving().removeIf(Backend::hasEnded);
            if (next.leaving().isEmpty()) {
                all.remove();
                seat(next);
            }
        }
    }

    private void seat(Newcomer newcomer) {
        for (int i = 0; i < places.size(); i++) {
            if (!places.get(i).isTaken()) {
                begin(i, newcomer.socket());
                full = false;
                return;
            }
        }
        turnAway(newcomer);
    }

    private void begin(int index, Fd socket) {
        Place place = places.get(index);
        try {
            Seat seat = maker.seat(index, socket);
            place.backend = Backend.once(linux, socket, seat.device(), seat.options(), this::alert);
        } catch (RuntimeException e) {
            socket.close();
            log.accept("a front-end cannot be served: " + e);
        }
    }

    /** Told before the front-end can see it: who asks why finds the answer. */
    private void turnAway(Newcomer newcomer) {
        if (!full) {
            full = true;
            log.accept("a front-end is turned away: all " + places.size() + " seats are taken");
        }
        newcomer.socket().close();
    }

    private void end() {
        newcomers.forEach(newcomer -> newcomer.socket().close());
        for (Place place : places) {
            if (place.backend != null) {
                place.backend.close();
            }
        }
        listener.close();
        where.path().ifPresent(linux.files()::unlink);
        epoll.close();
        silence();
    }

    private synchronized void silence() {
        ended = true;
        alarm.close();
    }
}
