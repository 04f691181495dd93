package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.QueueState;

/**
 * The path of a request through the worker, with an engine that does nothing and a polling driver.
 * {@code -Dringfence.hotpath.seconds=N} prints the rate over N seconds; without it the run is short and proves only that
 * nothing is allocated.
 */
@Timeout(120)
class HotPathTest {
    private static final int DEPTH = 32;

    private final Linux linux = Linux.system();

    private static final class NullEngine implements QueueEngine {
        @Override
        public void submit(ChainCursor chain, Completions done) {
            done.complete(chain.head(), 1);
        }

        @Override
        public void close() {}
    }

    private ToyDevice nothing() {
        return new ToyDevice(linux, 1, false, new long[1]) {
            @Override
            public QueueEngine engine(int queue, MemoryTable memory) {
                return new NullEngine();
            }
        };
    }

    @Test
    void theWorkerAllocatesNothingPerRequest() {
        Fd[] pair = linux.sockets().pair();
        BackendOptions options = BackendOptions.defaults().withName("hot");
        try (Backend backend = Backend.listen(linux, pair[1], nothing(), options);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL);
                InflightShare share = vm.frontend.newInflight(1, Vm.SIZE)) {
            vm.frontend.inflight(share);
            vm.start(QueueState.FRESH);
            drive(vm, 50_000, Long.MAX_VALUE);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long worker = worker();
            long before = threads.getThreadAllocatedBytes(worker);
            long begin = System.nanoTime();
            long cpu = threads.getThreadCpuTime(worker);
            long seconds = Long.getLong("ringfence.hotpath.seconds", 0);
            long done = seconds == 0
                    ? drive(vm, 200_000, Long.MAX_VALUE)
                    : drive(vm, Long.MAX_VALUE, begin + TimeUnit.SECONDS.toNanos(seconds));
            double elapsed = (System.nanoTime() - begin) / 1e9;
            double allocated = (threads.getThreadAllocatedBytes(worker) - before) / (double) done;
            double nanos = (threads.getThreadCpuTime(worker) - cpu) / (double) done;
            System.out.printf(
                    "hot path: %.0f requests/s, %.0f ns of the worker's CPU each, %.4f bytes allocated each%n",
                    done / elapsed, nanos, allocated);
            // the smallest object has 16 bytes: one per request would show; what the interpreter makes, before the
            // compiler has come to a sleep and a wake-up, does not
            assertThat(allocated).isLessThan(4);
            assertThat(backend.stats().drops()).isZero();
        }
    }

    /** So many requests, {@value #DEPTH} at a time, their buffers always the same. */
    private static long drive(Vm vm, long requests, long until) {
        long offered = 0;
        long done = 0;
        while (done < requests && (done % 4096 != 0 || System.nanoTime() < until)) {
            int fresh = 0;
            while (offered - done < DEPTH && offered < requests && vm.driver.begin(2)) {
                vm.driver.readable(0x10_0000, 16);
                vm.driver.writable(0x10_1000, 16);
                vm.driver.offer(0);
                offered++;
                fresh++;
            }
            if (fresh > 0 && vm.driver.publish()) {
                vm.kick.signal();
            }
            while (vm.driver.reap() >= 0) {
                done++;
            }
            if (fresh == 0) {
                Thread.yield();
            }
        }
        while (done < offered) {
            if (vm.driver.reap() >= 0) {
                done++;
            }
        }
        return done;
    }

    private static long worker() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("hot/q0"))
                .findFirst()
                .orElseThrow()
                .threadId();
    }

    /** The worker of an idle queue sleeps: less than 1 % of a core. */
    @Test
    void anIdleWorkerCostsNothing() throws Exception {
        Fd[] pair = linux.sockets().pair();
        BackendOptions options = BackendOptions.defaults().withName("hot");
        try (Backend _ = Backend.listen(linux, pair[1], nothing(), options);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            drive(vm, 1000, Long.MAX_VALUE);
            Thread.sleep(50);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long before = threads.getThreadCpuTime(worker());
            Thread.sleep(500);
            assertThat(threads.getThreadCpuTime(worker()) - before).isLessThan(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }
}
