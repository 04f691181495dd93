package ringfence.vhostuser.link;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.fuzz.Executions;

/**
 * Fuzz target: a queue's part of an inflight region that holds anything. The successor finds heads inside the ring, each
 * once, or refuses; and what it found it finds again. The first two bytes are the used ring's index.
 */
class InflightFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    private static final int SIZE = 8;
    private static final MemorySegment MEMORY = Arena.global().allocate(InflightLayout.queueBytes(SIZE), 8);

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyRegion(byte[] data) {
        EXECUTIONS.run(data, this::region);
    }

    private void region(byte[] data) {
        if (data.length < 2) {
            return;
        }
        int usedIndex = data[0] & 0xff | (data[1] & 0xff) << 8;
        MEMORY.fill((byte) 0);
        int bytes = (int) Math.min(data.length - 2, MEMORY.byteSize());
        MemorySegment.copy(MemorySegment.ofArray(data), 2, MEMORY, 0, bytes);
        InflightQueue queue = new InflightQueue(MEMORY, SIZE);
        int[] heads;
        try {
            heads = queue.recover(SIZE, usedIndex);
        } catch (InflightException _) {
            return;
        }
        BitSet seen = new BitSet();
        for (int head : heads) {
            if (head < 0 || head >= SIZE || seen.get(head)) {
                throw new AssertionError("head " + head);
            }
            seen.set(head);
        }
        if (!Arrays.equals(heads, new InflightQueue(MEMORY, SIZE).recover(SIZE, usedIndex))) {
            throw new AssertionError("another order at the second look");
        }
    }
}
