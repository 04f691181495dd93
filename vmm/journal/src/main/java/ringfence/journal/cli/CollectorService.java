package ringfence.journal.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import ringfence.journal.store.Collector;
import ringfence.process.DaemonMain;

/** Has a collector take turns until it is told to end, or has nothing to do for long. */
final class CollectorService implements DaemonMain.Service {
    private static final long BUSY_MILLIS = 20;
    private static final long IDLE_MILLIS = 200;

    private final Collector collector;
    private final Duration unused;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean ending;
    private volatile boolean failed;

    /** @param unused zero: it never ends by itself */
    CollectorService(Collector collector, Duration unused) {
        this.collector = collector;
        this.unused = unused;
    }

    @Override
    public void await() throws InterruptedException {
        try {
            long used = System.nanoTime();
            while (!ending && (unused.isZero() || System.nanoTime() - used < unused.toNanos())) {
                boolean taken = collector.turn();
                if (collector.size() > 0) {
                    used = System.nanoTime();
                }
                Thread.sleep(taken ? BUSY_MILLIS : IDLE_MILLIS);
            }
        } catch (IOException | RuntimeException e) {
            failed = true;
            DaemonMain.complain("ringfence-journal", "the journal cannot be written: " + e, 1);
        } finally {
            collector.close(); // by the one thread that uses it
            ended.countDown();
        }
    }

    @Override
    public void close() {
        ending = true;
        try {
            ended.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean hasFailed() {
        return failed;
    }
}
