package ringfence.vmm.event;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.process.Log;

/**
 * Writes events to a descriptor, on a thread of its own. Who tells an event leaves it in a bounded queue, and is gone;
 * where that is full, the event is dropped and counted, and the count is told as an event ahead of the next one that finds
 * room. The monitor is held for as long as it takes to put one into the queue or to take one out.
 *
 * <p>What cannot be written, since the reader of a pipe has gone or a disk is full, is dropped and counted in the same way;
 * the next event is tried anew, so that another reader of the same pipe finds the stream again. An object that was begun
 * is ended before another one.
 */
public final class EventStream implements EventSink, AutoCloseable {
    /** Some hundred KiB, and more than the life of a VM has in a day. */
    static final int CAPACITY = 1024;

    /** What a slow reader gets at the end. */
    private static final Duration LAST = Duration.ofSeconds(1);

    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Linux linux;
    private final Fd to;
    private final LongSupplier clock;
    private final long start;
    private final int capacity;
    private final Log log = Log.of("event-monitor");
    private final Queue<Told> waiting = new ArrayDeque<>(); // guarded by this, as the next two
    private long lost; // since the last one in the queue
    private boolean closing;
    private final Thread writer;
    private volatile boolean abandoned;
    private boolean failing; // the writer's

    /**
     * An event that waits.
     *
     * @param nanos when it happened, since the start
     * @param event null: nothing has followed those that were lost
     * @param lostBefore how many were dropped between the one before and this one
     */
    private record Told(long nanos, Event event, long lostBefore) {}

    private EventStream(Linux linux, Fd to, LongSupplier clock, int capacity) {
        this.linux = linux;
        this.to = to;
        this.clock = clock;
        this.capacity = capacity;
        start = clock.getAsLong();
        writer = Thread.ofPlatform().daemon().name("event-monitor").unstarted(this::write);
    }

    /**
     * A stream that begins now.
     *
     * @param to the stream's from here on
     * @param clock nanoseconds from any origin that never go back; any thread asks it
     * @param capacity how many events may wait, at least 1
     */
    static EventStream start(Linux linux, Fd to, LongSupplier clock, int capacity) {
        EventStream stream = new EventStream(linux, to, clock, capacity);
        stream.writer.start();
        return stream;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    /** Takes an event, or drops and counts it. After {@link #close} nothing is taken any more. */
    @Override
    public void tell(Event event) {
        if (!(event instanceof Event.Journaled)) {
            take(event);
        }
    }

    private synchronized void take(Event event) {
        if (closing) {
            return;
        }
        if (waiting.size() >= capacity) {
            lost++;
            return;
        }
        waiting.add(new Told(clock.getAsLong() - start, event, lost));
        lost = 0;
        notifyAll();
    }

    /** The next one; waits for it. @return null: there is none any more */
    private synchronized Told take() throws InterruptedException {
        while (waiting.isEmpty() && lost == 0 && !closing) {
            wait();
        }
        if (waiting.isEmpty() && lost > 0) {
            Told gap = new Told(clock.getAsLong() - start, null, lost);
            lost = 0;
            return gap;
        }
        return waiting.poll();
    }

    private void write() {
        try (to;
                Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(EventText.MAX_BYTES);
            long gap = 0;
            Told next;
            while (!abandoned && (next = take()) != null) {
                gap += next.lostBefore();
                if (gap > 0 && write(bytes, EventText.of(next.nanos(), new Event.EventsLost(gap)))) {
                    gap = 0;
                }
                if (next.event() != null && !write(bytes, EventText.of(next.nanos(), next.event()))) {
                    gap++;
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Writes all of it or nothing, unless the stream is given up. @return whether it was written */
    private boolean write(MemorySegment bytes, byte[] text) {
        MemorySegment.copy(text, 0, bytes, ValueLayout.JAVA_BYTE, 0, text.length);
        long at = 0;
        while (at < text.length) {
            long written = linux.files().tryWrite(to, bytes.asSlice(at, text.length - at));
            if (written >= 0) {
                at += written;
                continue;
            }
            Errno errno = Errno.of(-written);
            if (errno == Errno.EINTR) {
                continue;
            }
            if (errno != Errno.EAGAIN) {
                fails(errno);
            }
            if (abandoned || errno != Errno.EAGAIN && at == 0) {
                return false;
            }
            LockSupport.parkNanos(AGAIN_NANOS);
        }
        failing = false;
        return true;
    }

    private void fails(Errno errno) {
        if (!failing) {
            failing = true;
            log.warn("--event-monitor: events are lost until they can be written again: " + errno.text());
        }
    }

    /** Writes what waits, for a second at most, and ends the stream. A reader that is slower than that loses the end. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        try {
            if (writer.join(LAST)) {
                return;
            }
            log.warn("--event-monitor: the last events are lost: nobody reads them");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        abandoned = true; // it may be inside write(2): the descriptor is closed by that thread, or by the process's end
        LockSupport.unpark(writer);
    }
}
