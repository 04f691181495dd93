package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.virtio.RingFormat;

/** Neither end of a ring allocates per request, interpreted or compiled. */
class RingAllocationTest {
    private static final int ROUNDS = 30_000;

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void neitherEndAllocates(boolean indirect, boolean eventIdx) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Rings rings = Rings.of(RingFormat.SPLIT).size(128).tables(indirect ? 4 : 0);
        if (eventIdx) {
            rings.eventIdx();
        }
        try (rings) {
            rings.start();
            run(rings, 20_000); // links and compiles
            long before = threads.getCurrentThreadAllocatedBytes();
            run(rings, ROUNDS);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            // A deoptimization may materialize an object or two; one byte per request would be a million.
            assertThat(allocated).as("bytes for %d requests", ROUNDS * 32).isLessThan(4096);
        }
    }

    private static void run(Rings rings, int rounds) {
        for (int i = 0; i < rounds; i++) {
            RingBenchmark.offer(rings.driver());
            RingBenchmark.serve(rings.queue(), rings.chain());
            RingBenchmark.reap(rings.driver());
        }
    }
}
