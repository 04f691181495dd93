package ringfence.blk.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.blk.TestGuest;
import ringfence.blk.TestGuest.Buffer;
import ringfence.blk.engine.TestDisk.Place;
import ringfence.linux.Linux;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.ChainCursor;

/** No request allocates on the heap: the same chain, submitted over and over, leaves the thread's count where it was. */
class AllocationTest {
    private static final int WARM_UP = 30_000;
    private static final int MEASURED = 20_000;

    private final Linux linux = Linux.system();
    private long completed;
    private final Completions done = (head, written) -> completed += written;

    @ParameterizedTest
    @CsvSource({"TMPFS, PLAIN", "CACHED, PLAIN", "CACHED, URING", "DIRECT, URING"})
    void aRequestAllocatesNothing(Place place, EngineChoice choice) throws ReflectiveOperationException {
        try (TestDisk disk = new TestDisk(linux, place, choice);
                TestGuest guest = new TestGuest(linux, 64);
                QueueEngine engine = disk.device.engine(0, guest.memory())) {
            ChainCursor read = chain(guest, BlkLayout.T_IN, 0x6_0000, true, 1);
            run(engine, read, WARM_UP);
            assertThat(allocated(engine, read)).isLessThan(MEASURED);
            ChainCursor scattered = chain(guest, BlkLayout.T_OUT, 0x6_1000, false, 4);
            run(engine, scattered, place == Place.TMPFS ? WARM_UP : 3000);
            assertThat(allocated(engine, scattered)).isLessThan(MEASURED);
            assertThat(completed).isPositive();
        }
    }

    private ChainCursor chain(TestGuest guest, int type, long header, boolean toGuest, int pages) {
        guest.header(header, type, 64);
        Buffer[] buffers = new Buffer[pages + 2];
        buffers[0] = new Buffer(header, 16, false);
        for (int i = 0; i < pages; i++) {
            buffers[i + 1] = new Buffer(TestGuest.DATA + 8192L * i, 4096, toGuest);
        }
        buffers[pages + 1] = new Buffer(header + 16, 1, true);
        return guest.chain(buffers);
    }

    private void run(QueueEngine engine, ChainCursor chain, int times) {
        for (int i = 0; i < times; i++) {
            engine.submit(chain, done);
            engine.flush();
            while (engine.inFlight() > 0) {
                engine.reap(done);
            }
        }
    }

    /** Bytes allocated by {@link #MEASURED} requests: far below one object each. */
    private long allocated(QueueEngine engine, ChainCursor chain) throws ReflectiveOperationException {
        Object threads = ManagementFactory.getThreadMXBean();
        // by reflection: the module under test does not read jdk.management
        Method bytes = Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        long before = (long) bytes.invoke(threads);
        run(engine, chain, MEASURED);
        return (long) bytes.invoke(threads) - before;
    }
}
