package ringfence.it.bench;

import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;
import ringfence.linux.Epoll;
import ringfence.linux.Linux;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.GuestDriver;

/** Drives one load against one socket, from the calling thread. */
final class LoadDriver {
    private static final long MAX_LATENCY = 10_000_000_000L;
    private static final int STALL_MILLIS = 10_000;

    private final Linux linux;
    private final long sectors;
    private final CpuTime self = new CpuTime(ProcessHandle.current().pid());
    private final Histogram latencies = new Histogram(MAX_LATENCY, 3);
    private SplittableRandom random = new SplittableRandom(1);

    /** @param imageBytes size of the disk behind every socket */
    LoadDriver(Linux linux, long imageBytes) {
        this.linux = linux;
        sectors = imageBytes / 512;
    }

    /** Runs a load for so long. */
    LoadResult run(String socket, LoadSpec spec, long nanos, CpuTime cpu) {
        int slots = Math.max(1, spec.depth() / spec.queues());
        int queues = Math.min(spec.queues(), spec.depth());
        random = new SplittableRandom(spec.hashCode());
        try (BenchGuest guest = new BenchGuest(linux, socket, queues, slots, spec.polling());
                Epoll epoll = linux.events().epoll(4)) {
            for (int q = 0; q < queues; q++) {
                epoll.add(guest.calls[q].fd(), Epoll.IN, q);
            }
            long[][] started = new long[queues][slots];
            loop(guest, epoll, spec, started, nanos / 5); // caches, adaptive spinning, the JIT compiler
            latencies.reset();
            Neighbours neighbours = new Neighbours(self, cpu);
            long cpuBefore = cpu.nanos();
            long before = System.nanoTime();
            long done = loop(guest, epoll, spec, started, nanos);
            long elapsed = System.nanoTime() - before;
            long used = cpu.nanos() - cpuBefore;
            return new LoadResult(
                    done * 1e9 / elapsed,
                    latencies.getValueAtPercentile(50),
                    latencies.getValueAtPercentile(99),
                    (double) used / done,
                    (double) neighbours.nanos() / elapsed);
        }
    }

    /** Keeps the depth under way until the time is over, then lets all end. @return requests that ended */
    private long loop(BenchGuest guest, Epoll epoll, LoadSpec spec, long[][] started, long nanos) {
        long now = System.nanoTime();
        long end = now + nanos;
        long done = 0;
        int underWay = 0;
        int slots = started[0].length;
        for (int q = 0; q < started.length; q++) {
            for (int slot = 0; slot < slots; slot++) {
                offer(guest, spec, started, q, slot, now);
                underWay++;
            }
            publish(guest, q);
        }
        long stalled = now;
        while (underWay > 0) {
            int reaped = 0;
            now = System.nanoTime();
            for (int q = 0; q < started.length; q++) {
                int here = reap(guest, spec, started, q, now, now < end);
                reaped += here;
                underWay -= now < end ? 0 : here;
            }
            done += reaped;
            if (reaped > 0) {
                stalled = now;
            } else if (!spec.polling()) {
                await(guest, epoll);
            } else if (now - stalled > STALL_MILLIS * 1_000_000L) {
                throw new IllegalStateException("the back-end stalls");
            } else {
                Thread.onSpinWait();
            }
        }
        return done;
    }

    private int reap(BenchGuest guest, LoadSpec spec, long[][] started, int queue, long now, boolean again) {
        GuestDriver driver = guest.drivers[queue];
        int slots = started[queue].length;
        int reaped = 0;
        while (reaped < slots && driver.reap() >= 0) {
            int slot = (int) driver.cookie();
            if (guest.status(queue, slots, slot) != BlkLayout.S_OK) {
                throw new IllegalStateException("a request failed: status " + guest.status(queue, slots, slot));
            }
            latencies.recordValue(Math.min(MAX_LATENCY, Math.max(0, now - started[queue][slot])));
            reaped++;
            if (again) {
                offer(guest, spec, started, queue, slot, now);
            }
        }
        if (again && reaped > 0) {
            publish(guest, queue);
        }
        return reaped;
    }

    private void offer(BenchGuest guest, LoadSpec spec, long[][] started, int queue, int slot, long now) {
        started[queue][slot] = now;
        long block = random.nextLong(sectors / 8);
        guest.offer(queue, started[queue].length, slot, spec.write(), block * 8);
    }

    private static void publish(BenchGuest guest, int queue) {
        if (guest.drivers[queue].publish()) {
            guest.kicks[queue].signal();
        }
    }

    private static void await(BenchGuest guest, Epoll epoll) {
        for (GuestDriver driver : guest.drivers) {
            if (driver.armInterrupt()) {
                return;
            }
        }
        int ready = epoll.await(STALL_MILLIS);
        if (ready == 0) {
            throw new IllegalStateException("no interrupt came");
        }
        for (int i = 0; i < ready; i++) {
            guest.calls[(int) epoll.token(i)].drain();
        }
    }
}
