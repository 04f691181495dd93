package ringfence.fs.state;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The words of a mapped file. Does not own the mapping. */
final class MappedWords implements Words {
    private static final VarHandle LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    private final MemorySegment memory;

    MappedWords(MemorySegment memory) {
        this.memory = memory;
    }

    @Override
    public long get(long index) {
        return (long) LONG.getAcquire(memory, index << 3);
    }

    @Override
    public void set(long index, long value) {
        LONG.setRelease(memory, index << 3, value);
    }
}
