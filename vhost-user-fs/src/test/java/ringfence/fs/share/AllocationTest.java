package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.fs.share.TestFolder.ROOT;
import static ringfence.fs.share.TestGuest.RDWR;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.fs.fuse.OutLayout;
import ringfence.vhostuser.link.Completions;
import ringfence.virtio.queue.ChainCursor;

/**
 * A request on a file that is known allocates nothing on the heap, once the C2 compiler has come to its path: before that, the
 * JDK's stub of a native call allocates 40 bytes, and slices of segments do.
 */
class AllocationTest {
    private static final int MEASURED = 20_000;
    private static final long COMPILED_NANOS = 60_000_000_000L;

    private long completed;
    private final Completions done = (head, written) -> completed += written;

    @ParameterizedTest
    @ValueSource(strings = {"LOOKUP", "GETATTR", "READ", "WRITE"})
    void aRequestAllocatesNothing(String opcode) throws ReflectiveOperationException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
            long node = guest.node();
            long handle = guest.answer(OutLayout.ENTRY);
            guest.write(node, handle, 0, new byte[4096]).send();
            int result = switch (opcode) {
                case "LOOKUP" -> guest.lookup(ROOT, "f");
                case "GETATTR" -> guest.getattr(node);
                case "READ" -> guest.read(node, handle, 0, 4096).send();
                default -> guest.write(node, handle, 0, new byte[4096]).send();
            };
            assertThat(result).isZero();
            assertThat(bytesPerRequest(folder, guest)).isZero();
            assertThat(completed).isPositive();
        }
    }

    private static void run(FsEngine engine, ChainCursor chain, TestGuest guest, Completions done) {
        for (int i = 0; i < MEASURED; i++) {
            guest.nextUnique();
            engine.submit(chain, done);
        }
    }

    private long bytesPerRequest(TestFolder folder, TestGuest guest) throws ReflectiveOperationException {
        Object threads = ManagementFactory.getThreadMXBean();
        // by reflection: the module under test does not read jdk.management
        Method bytes = Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        long deadline = System.nanoTime() + COMPILED_NANOS;
        long each;
        do {
            long before = (long) bytes.invoke(threads);
            run(folder.engine, guest.chain(), guest, done);
            each = ((long) bytes.invoke(threads) - before) / MEASURED;
        } while (each > 0 && System.nanoTime() < deadline);
        return each;
    }
}
