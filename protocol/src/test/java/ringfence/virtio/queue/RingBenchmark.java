package ringfence.virtio.queue;

import java.util.Arrays;
import ringfence.virtio.RingFormat;

/**
 * Nanoseconds per request of each end of a ring, in one thread, batches of 32: {@code main} prints medians. Not a test;
 * the allocation test and the conformance test keep what this measures honest.
 */
final class RingBenchmark {
    private static final int BATCH = 32;
    private static final int ROUNDS = 20_000;
    private static final int RUNS = 21;

    private RingBenchmark() {}

    public static void main(String[] args) {
        for (boolean indirect : new boolean[] {false, true}) {
            for (boolean eventIdx : new boolean[] {false, true}) {
                measure(indirect, eventIdx);
            }
        }
    }

    private static void measure(boolean indirect, boolean eventIdx) {
        Rings rings = Rings.of(RingFormat.SPLIT).size(128).tables(indirect ? 4 : 0);
        if (eventIdx) {
            rings.eventIdx();
        }
        try (rings) {
            rings.start();
            double[] driver = new double[RUNS];
            double[] device = new double[RUNS];
            for (int run = 0; run < RUNS; run++) {
                long offering = 0;
                long serving = 0;
                for (int round = 0; round < ROUNDS; round++) {
                    long begin = System.nanoTime();
                    offer(rings.driver());
                    long middle = System.nanoTime();
                    serve(rings.queue(), rings.chain());
                    long end = System.nanoTime();
                    reap(rings.driver());
                    offering += middle - begin + System.nanoTime() - end;
                    serving += end - middle;
                }
                driver[run] = (double) offering / ROUNDS / BATCH;
                device[run] = (double) serving / ROUNDS / BATCH;
            }
            Arrays.sort(driver);
            Arrays.sort(device);
            System.out.printf(
                    "three buffers, %s, %s: device %.1f ns, driver %.1f ns per request (medians of %d)%n",
                    indirect ? "indirect" : "direct",
                    eventIdx ? "EVENT_IDX" : "flags",
                    device[RUNS / 2],
                    driver[RUNS / 2],
                    RUNS);
        }
    }

    /** A block read's shape: header, data, status. */
    static void offer(GuestDriver driver) {
        for (int i = 0; i < BATCH; i++) {
            if (!driver.begin(3)) {
                throw new IllegalStateException("full");
            }
            driver.readable(Rings.DATA + 16 * i, 16);
            driver.writable(Rings.DATA + 0x10000 + 4096 * i, 4096);
            driver.writable(Rings.DATA + 0x1000 + i, 1);
            driver.offer(i);
        }
        driver.publish();
    }

    static void serve(Virtqueue queue, ChainCursor chain) {
        while (queue.poll(chain) == Verdict.CHAIN) {
            if (chain.readLong(8) == -1) {
                throw new IllegalStateException("sector");
            }
            chain.writeByte(chain.writableBytes() - 1, 0);
            queue.complete(chain.head(), 4097);
        }
        queue.armKick();
        queue.needsInterrupt();
    }

    static void reap(GuestDriver driver) {
        int count = 0;
        while (driver.reap() >= 0) {
            count++;
        }
        if (count != BATCH) {
            throw new IllegalStateException("reaped " + count);
        }
        driver.armInterrupt();
    }
}
