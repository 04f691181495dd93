package ringfence.it.bench;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.HdrHistogram.Histogram;
import ringfence.it.fuse.FuseGuest;

/** Keeps requests under way in a guest's queues, from the calling thread. */
final class FsLoop {
    private static final long MAX_LATENCY = 10_000_000_000L;
    private static final long STALL_NANOS = 10_000_000_000L;

    private final FuseGuest guest;
    private final Histogram latencies = latencyHistogram();
    private long next;
    private long nanos;

    FsLoop(FuseGuest guest) {
        this.guest = guest;
    }

    /** What the requests are. */
    interface Work {
        /** Writes a request into the slot and offers it. @param number of the request, from 0 on */
        void offer(int queue, int slot, long number);

        /** It has ended, without an error. */
        default void ended(int queue, int slot, long number) {}
    }

    /** An empty one, of ns. */
    static Histogram latencyHistogram() {
        return new Histogram(MAX_LATENCY, 3);
    }

    Histogram latencies() {
        return latencies;
    }

    /** How long the last run took. */
    long nanos() {
        return nanos;
    }

    /**
     * Keeps the depth under way until the time is over or all requests are offered, then lets all end.
     *
     * @param buffers over all queues, at least the depth: each request has the next one that is free
     * @return how many requests that were
     */
    long run(Work work, int depth, int buffers, long time, long most) {
        int queues = Math.min(guest.queues(), depth);
        int each = depth / queues;
        Slots[] slots = new Slots[queues];
        for (int q = 0; q < queues; q++) {
            slots[q] = new Slots(Math.max(each, buffers / queues));
        }
        latencies.reset();
        next = 0;
        long begin = System.nanoTime();
        long end = begin + time;
        long now = begin;
        int underWay = 0;
        for (int q = 0; q < queues; q++) {
            for (int i = 0; i < each && next < most; i++) {
                start(work, slots[q], q, now);
                underWay++;
            }
            guest.publish(q + 1);
        }
        long stalled = now;
        while (underWay > 0) {
            int reaped = 0;
            now = System.nanoTime();
            for (int q = 0; q < queues; q++) {
                int again = 0;
                for (int slot; (slot = guest.reap(q + 1)) >= 0; ) {
                    check(q + 1, slot);
                    latencies.recordValue(Math.min(MAX_LATENCY, Math.max(0, now - slots[q].started[slot])));
                    work.ended(q + 1, slot, slots[q].end(slot));
                    reaped++;
                    if (now < end && next < most) {
                        start(work, slots[q], q, now);
                        again++;
                    } else {
                        underWay--;
                    }
                }
                if (again > 0) {
                    guest.publish(q + 1);
                }
            }
            stalled = rest(reaped, now, stalled);
        }
        nanos = System.nanoTime() - begin;
        return next;
    }

    private void start(Work work, Slots slots, int q, long now) {
        work.offer(q + 1, slots.begin(now, next), next++);
    }

    /** Which requests of a queue are under way. */
    private static final class Slots {
        private static final long FREE = -1;
        private final long[] started;
        private final long[] numbers;
        private int turn;

        Slots(int count) {
            started = new long[count];
            numbers = new long[count];
            Arrays.fill(numbers, FREE);
        }

        /** @return the next one that is free; there is one */
        int begin(long now, long number) {
            while (numbers[turn] != FREE) {
                turn = turn + 1 == numbers.length ? 0 : turn + 1;
            }
            int slot = turn;
            turn = turn + 1 == numbers.length ? 0 : turn + 1;
            started[slot] = now;
            numbers[slot] = number;
            return slot;
        }

        /** @return the number of the request that has ended */
        long end(int slot) {
            long number = numbers[slot];
            numbers[slot] = FREE;
            return number;
        }
    }

    private long rest(int reaped, long now, long stalled) {
        if (reaped > 0) {
            return now;
        }
        if (!guest.shape().polling()) {
            guest.await();
        } else if (now - stalled > STALL_NANOS) {
            throw new IllegalStateException("the back-end stalls");
        } else {
            Thread.onSpinWait();
        }
        return stalled;
    }

    private void check(int queue, int slot) {
        long reply = guest.reply(queue, slot);
        int error = guest.ram().get(ValueLayout.JAVA_INT, reply + 4);
        if (error != 0) {
            throw new IllegalStateException("a request of opcode "
                    + guest.ram().get(ValueLayout.JAVA_INT, guest.request(queue, slot) + 4) + " failed: " + error);
        }
    }
}
