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

/**
 * No request allocates on the heap: the same chain, submitted over and over, leaves the thread's count where it was.
 *
 * <p>That is so once the C2 compiler has come to the path, not after so many requests: in the interpreter and in C1's
 * code the JDK's own stub of a native call slices the segment that takes errno (SharedUtils.checkCaptureSegment), 40
 * bytes a call, which C2 never makes. On a busy machine C2 comes late.
 */
class AllocationTest {
    private static final int MEASURED = 20_000;
    /** Each of these writes goes to a disk. */
    private static final int MEASURED_ON_DISK = 2_000;

    private static final long COMPILED_NANOS = 60_000_000_000L;

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
            assertThat(bytesPerRequest(engine, read, MEASURED)).isZero();
            ChainCursor scattered = chain(guest, BlkLayout.T_OUT, 0x6_1000, false, 4);
            assertThat(bytesPerRequest(engine, scattered, place == Place.TMPFS ? MEASURED : MEASURED_ON_DISK))
                    .isZero();
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

    /** Whole bytes per request, at best; asked again until it is 0, or until C2 has had all the time it may need. */
    private long bytesPerRequest(QueueEngine engine, ChainCursor chain, int requests)
            throws ReflectiveOperationException {
        Object threads = ManagementFactory.getThreadMXBean();
        // by reflection: the module under test does not read jdk.management
        Method bytes = Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        long deadline = System.nanoTime() + COMPILED_NANOS;
        long each;
        do {
            long before = (long) bytes.invoke(threads);
            run(engine, chain, requests);
            each = ((long) bytes.invoke(threads) - before) / requests;
        } while (each > 0 && System.nanoTime() < deadline);
        return each;
    }
}
