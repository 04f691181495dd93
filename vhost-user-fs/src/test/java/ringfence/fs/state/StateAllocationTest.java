package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;
import ringfence.linux.Linux;

/** No request allocates on the heap, once it is compiled: see the block device's AllocationTest. */
class StateAllocationTest {
    private static final int MEASURED = 20_000;
    private static final long COMPILED_NANOS = 60_000_000_000L;
    private static final int LOOKUP = 1;

    private final MemorySegment name = TestState.nativeBytes(256).fill((byte) 'n');
    private final MemorySegment fileHandle = TestState.nativeBytes(136).copyFrom(TestState.fileHandle("0123456789"));
    private final MemorySegment bytes = TestState.nativeBytes(256);
    private long unique = 2;

    @Test
    void aRequestAllocatesNothing() throws ReflectiveOperationException {
        try (FsState state = FsState.create(Linux.system(), new Limits(1 << 16, 1 << 10, 2))) {
            state.root(1, 2, TestState.DIRECTORY);
            assertThat(bytesPerRequest(state)).isZero();
            assertThat(state.nodes().count()).isEqualTo(1);
        }
    }

    private long bytesPerRequest(FsState state) throws ReflectiveOperationException {
        Object threads = ManagementFactory.getThreadMXBean();
        // by reflection: the module under test does not read jdk.management
        Method allocated = Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        long deadline = System.nanoTime() + COMPILED_NANOS;
        long each;
        do {
            long before = (long) allocated.invoke(threads);
            for (int i = 0; i < MEASURED; i++) {
                life(state);
            }
            each = ((long) allocated.invoke(threads) - before) / MEASURED;
        } while (each > 0 && System.nanoTime() < deadline);
        return each;
    }

    /** A file is created, looked up, opened, renamed, given up once, closed and forgotten. */
    private void life(FsState state) {
        RequestLog log = state.log(1);
        unique += 2;
        if (log.past(unique, LOOKUP) == RequestLog.Past.NEW) {
            log.intend(unique, LOOKUP, 1, 2, 3, 4);
        }
        int slot;
        int handle;
        try (Transaction transaction = state.begin(1)) {
            slot = state.nodes().find(1, unique);
            if (slot == NodeTable.NONE) {
                slot = transaction.addNode(1, unique, 0x8000, NodeTable.ROOT, name, 1, 100, fileHandle);
            }
            handle = transaction.open(slot, 0, false);
            transaction.done(unique, LOOKUP, bytes, 144);
            transaction.commit();
        }
        if (log.past(unique, LOOKUP) == RequestLog.Past.DONE) {
            log.reply(bytes);
        }
        try (Transaction transaction = state.begin(1)) {
            transaction.lookedUp(slot, 1);
            transaction.moved(slot, NodeTable.ROOT, name, 0, 255);
            transaction.forget(slot, 2);
        }
        state.nodes().name(slot, bytes);
        state.nodes().fileHandle(slot, bytes);
        try (Transaction transaction = state.begin(1)) {
            transaction.release(state.handles().slot(state.handles().id(handle)));
            transaction.forget(state.nodes().slot(state.nodes().id(slot)), 1);
            transaction.commit();
        }
    }
}
