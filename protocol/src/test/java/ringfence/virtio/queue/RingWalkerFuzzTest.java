package ringfence.virtio.queue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.fuzz.Executions;
import ringfence.virtio.RingFormat;

/**
 * Fuzz target: a ring that holds whatever the fuzzer wrote. The queue must never throw, must end, and must judge as
 * {@link ReferenceWalk} does. In an ordinary run the seeds and findings are replayed
 * ({@code src/test/resources/.../RingWalkerFuzzTestInputs}); docs/testing.md says how to fuzz.
 */
class RingWalkerFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    private static final int SIZE = 8;
    private static final int CAPACITY = SIZE + 4;
    private static final int ROUNDS = 12;

    /** Made once: a mapping per input would be most of the time. */
    private static final Rings RINGS = Rings.of(RingFormat.SPLIT)
            .size(SIZE)
            .region(Rings.END, 4096)
            .region(0x1_0000_0000L, 4096)
            .start();

    private static final ChainCursor CHAIN = new ChainCursor(CAPACITY);

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyRing(FuzzedDataProvider data) {
        EXECUTIONS.run(data, this::ring);
    }

    private void ring(FuzzedDataProvider data) {
        QueueConfig placed = RINGS.config();
        QueueConfig config = new QueueConfig(
                SIZE,
                placed.descriptorTable(),
                placed.availableRing(),
                placed.usedRing(),
                data.consumeBoolean(),
                data.consumeInt(0, 7) != 0);
        RINGS.table().clear(Rings.RING, 4096);
        RINGS.table().clear(Rings.TABLES, 4096);
        ReferenceWalk reference = new ReferenceWalk(RINGS.table(), config, CAPACITY);
        Virtqueue queue = Virtqueue.start(config, RINGS.table(), QueueState.FRESH);
        int index = 0;
        boolean[] inFlight = new boolean[SIZE];
        for (int round = 0; round < ROUNDS && data.remainingBytes() > 0; round++) {
            mutate(data);
            int head = data.consumeInt(0, 9) < 9 ? data.consumeInt(0, SIZE - 1) : data.consumeInt(0, 0xFFFF);
            RINGS.availableEntry(index % SIZE, head);
            index = index + 1 & 0xFFFF;
            RINGS.availableIndex(index);
            QueueFault.Reason expected = head < SIZE && inFlight[head]
                    ? QueueFault.Reason.HEAD_IN_FLIGHT
                    : reference.walk(head).reason();
            Verdict verdict = queue.poll(CHAIN);
            if (expected != null) {
                same(verdict == Verdict.BROKEN && queue.fault().reason() == expected, queue, expected);
                return;
            }
            same(verdict == Verdict.CHAIN && CHAIN.count() == reference.pieces().size(), queue, null);
            touch();
            inFlight[head] = true;
            if (data.consumeBoolean()) {
                queue.complete(head, data.consumeInt());
                inFlight[head] = false;
            }
            queue.needsInterrupt();
            queue.armKick();
        }
    }

    /** Every byte of every buffer can be reached. */
    private static void touch() {
        for (int i = 0; i < CHAIN.count(); i++) {
            long last = CHAIN.offset(i) + CHAIN.length(i) - 1;
            CHAIN.segment(i).get(ValueLayout.JAVA_BYTE, CHAIN.offset(i));
            CHAIN.segment(i).get(ValueLayout.JAVA_BYTE, last);
        }
        if (CHAIN.writableBytes() > 0) {
            CHAIN.writeByte(CHAIN.writableBytes() - 1, 1);
        }
        if (CHAIN.readableBytes() >= 8) {
            CHAIN.readLong(CHAIN.readableBytes() - 8);
        }
    }

    private static void mutate(FuzzedDataProvider data) {
        for (int i = data.consumeInt(0, 4); i > 0; i--) {
            boolean table = data.consumeBoolean();
            long base = table ? Rings.TABLES : RINGS.config().descriptorTable();
            long at = base + 16L * data.consumeInt(0, table ? SIZE + 3 : SIZE - 1);
            long address = switch (data.consumeInt(0, 6)) {
                case 0 -> data.consumeLong();
                case 1 -> Rings.TABLES;
                case 2 -> Rings.END - data.consumeInt(0, 32);
                case 3 -> Rings.END + 4096 - data.consumeInt(0, 32);
                default -> Rings.DATA;
            };
            long length = data.consumeBoolean() ? data.consumeInt(0, 200) : data.consumeInt() & 0xFFFF_FFFFL;
            RINGS.descriptorAt(at, address, length, data.consumeInt(0, 7), data.consumeInt(0, SIZE + 4));
        }
    }

    private static void same(boolean condition, Virtqueue queue, QueueFault.Reason expected) {
        if (!condition) {
            throw new AssertionError("expected " + expected + ", got " + queue.fault() + " and " + CHAIN);
        }
    }
}
