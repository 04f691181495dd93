package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import ringfence.virtio.RingFormat;
import ringfence.virtio.queue.QueueFault.Reason;

/**
 * Millions of random chains, most of them hostile, through the device side; each is judged as {@link ReferenceWalk}
 * judges it. The seed is in every message.
 */
class HostileChainsConformanceTest {
    private static final int SIZE = 16;
    private static final long FAR = 0x1_0000_0000L;

    private final Rings rings =
            Rings.of(RingFormat.SPLIT).size(SIZE).region(Rings.END, 4096).region(FAR, 0x1_0000);

    private final Map<Reason, Long> seen = new EnumMap<>(Reason.class);
    private SplittableRandom random;

    @Test
    void everyChainIsJudgedAsTheSpecificationSays() {
        long seed = Budget.seed();
        random = new SplittableRandom(seed);
        long chains = 0;
        long good = 0;
        try (rings) {
            rings.start();
            ChainCursor chain = new ChainCursor(SIZE + 4);
            ReferenceWalk reference = new ReferenceWalk(rings.table(), rings.config(), SIZE + 4);
            Virtqueue queue = rings.queue();
            int[] heads = new int[SIZE];
            int index = 0;
            int published = 0;
            for (Budget budget = new Budget(6); budget.goesOn(chains); chains++) {
                if (index == published) {
                    published = publish(index, heads);
                }
                mutate(); // also what the queue has looked ahead at
                int head = heads[index % SIZE];
                index = index + 1 & 0xFFFF;
                reference.walk(head);
                Verdict verdict = queue.poll(chain);
                String where = "seed " + seed + " chain " + chains;
                if (reference.reason() != null) {
                    assertThat(verdict).as(where).isEqualTo(Verdict.BROKEN);
                    assertThat(queue.fault().reason()).as(where).isEqualTo(reference.reason());
                    seen.merge(reference.reason(), 1L, Long::sum);
                    queue = Virtqueue.start(rings.config(), rings.table(), new QueueState(index, index));
                } else {
                    assertThat(verdict).as(where + " %s", queue.fault()).isEqualTo(Verdict.CHAIN);
                    assertThat(chain.head()).as(where).isEqualTo(head);
                    same(chain, reference.pieces(), where);
                    queue.complete(head, 0);
                    good++;
                }
            }
        }
        System.out.printf("counted: hostile chains: %,d, of which legal %,d; %s%n", chains, good, seen);
        assertThat(good).as("legal chains").isGreaterThan(chains / 50);
        assertThat(seen.keySet())
                .contains(
                        Reason.HEAD_OUT_OF_RANGE,
                        Reason.NEXT_OUT_OF_RANGE,
                        Reason.CHAIN_TOO_LONG,
                        Reason.READABLE_AFTER_WRITABLE,
                        Reason.BUFFER_OUTSIDE_MEMORY,
                        Reason.INDIRECT_NESTED,
                        Reason.INDIRECT_WITH_NEXT,
                        Reason.INDIRECT_BAD_LENGTH,
                        Reason.INDIRECT_OUTSIDE_MEMORY,
                        Reason.TOO_MANY_PIECES);
    }

    /** Makes one chain available, or as many as the ring has entries. @return the new index */
    private int publish(int from, int[] heads) {
        int to = from + (random.nextBoolean() ? 1 : 1 + random.nextInt(SIZE));
        for (int i = from; i < to; i++) {
            int head = random.nextInt(50) == 0 ? random.nextInt(0x1_0000) : random.nextInt(SIZE);
            heads[i % SIZE] = head;
            rings.availableEntry(i % SIZE, head);
        }
        rings.availableIndex(to & 0xFFFF);
        return to & 0xFFFF;
    }

    private static void same(ChainCursor chain, List<ReferenceWalk.Piece> pieces, String where) {
        boolean equal = chain.count() == pieces.size();
        for (int i = 0; equal && i < pieces.size(); i++) {
            ReferenceWalk.Piece piece = pieces.get(i);
            equal = piece.gpa() == chain.guestAddress(i)
                    && piece.length() == chain.length(i)
                    && piece.write() == i >= chain.readable();
        }
        assertThat(equal).as("%s: %s should be %s", where, chain, pieces).isTrue();
    }

    /** Rewrites some descriptors of the ring and of one indirect table. */
    private void mutate() {
        for (int i = random.nextInt(5); i >= 0; i--) {
            descriptor(rings.config().descriptorTable() + 16L * random.nextInt(SIZE), SIZE, 12);
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            descriptor(Rings.TABLES + 16L * random.nextInt(SIZE + 4), SIZE + 4, 40);
        }
    }

    private void descriptor(long gpa, int entries, int indirectOneIn) {
        int flags = random.nextInt(3) == 0 ? 0 : random.nextInt(4);
        if (random.nextInt(indirectOneIn) == 0) {
            flags = random.nextInt(6) == 0 ? 5 : 4 | random.nextInt(2) << 1;
            flags |= random.nextInt(40) == 0 ? 0xFFF8 : 0;
            long table = random.nextInt(8) == 0 ? address() : Rings.TABLES;
            long length = random.nextInt(8) == 0 ? length() : 16L * (1 + random.nextInt(SIZE + 4));
            rings.descriptorAt(gpa, table, length, flags, random.nextInt(entries));
            return;
        }
        int next = random.nextInt(60) == 0 ? random.nextInt(0x1_0000) : random.nextInt(entries);
        rings.descriptorAt(gpa, address(), length(), flags, next);
    }

    private long address() {
        return switch (random.nextInt(80)) {
            case 0 -> random.nextLong();
            case 1 -> -random.nextLong(32);
            case 2 -> Long.MAX_VALUE - random.nextLong(32);
            case 3 -> Rings.END + 4096 - random.nextLong(64);
            case 4 -> FAR - random.nextLong(64);
            default ->
                switch (random.nextInt(8)) {
                    case 0 -> Rings.END - random.nextLong(64);
                    case 1 -> Rings.END + random.nextLong(2048);
                    case 2 -> FAR + random.nextLong(0x4000);
                    default -> Rings.DATA + random.nextLong(0x10_0000);
                };
        };
    }

    private long length() {
        return switch (random.nextInt(60)) {
            case 0 -> 0xFFFF_FFFFL - random.nextLong(32);
            case 1 -> random.nextLong(0x1_0000_0000L);
            case 2, 3, 4 -> 0;
            default -> 1 + random.nextLong(256);
        };
    }
}
