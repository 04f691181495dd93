package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.virtio.RingFormat;

/**
 * Both ends of one ring in random steps: offer, publish, take, complete out of order, reap. Every chain arrives as it
 * was offered, comes back once with what was written into it, and every notification is asked for exactly when the
 * specification says so.
 */
class BothEndsConformanceTest {
    private static final int SIZE = 32;
    private static final int SLOT = 8192;
    private static final int WRITABLE_AT = 4096;

    private final long seed = Budget.seed();
    private final SplittableRandom random = new SplittableRandom(seed);

    // per cookie, of which there are as many as slots of data: what was offered
    private final int[] readable = new int[SIZE];
    private final int[] writable = new int[SIZE];
    private final int[] buffers = new int[SIZE];
    private final int[] written = new int[SIZE];
    private final long[] stamp = new long[SIZE];
    private final boolean[] offered = new boolean[SIZE];

    private final int[] inFlightHeads = new int[SIZE];
    private final int[] inFlightCookies = new int[SIZE];
    private int inFlight;
    private long stamps;
    private long chains;
    private Rings rings;
    private MemorySegment scratch;

    @ParameterizedTest
    @CsvSource({"false,0", "true,0", "false,6", "true,6"})
    void everyChainArrivesAndComesBackOnce(boolean eventIdx, int tables) {
        rings = Rings.of(RingFormat.SPLIT).size(SIZE).tables(tables).region(Rings.END, 0x10_0000);
        if (eventIdx) {
            rings.eventIdx();
        }
        try (Rings closing = rings;
                Arena arena = Arena.ofConfined()) {
            scratch = arena.allocate(SLOT);
            closing.start();
            for (Budget budget = new Budget(2); budget.goesOn(chains); ) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> offer();
                    case 3 -> publish();
                    case 4, 5 -> take();
                    case 6, 7 -> complete();
                    case 8 -> reap();
                    default -> arm();
                }
            }
        }
        System.out.printf("counted: both ends, EVENT_IDX %s, tables of %d: %,d chains%n", eventIdx, tables, chains);
    }

    /** Slots end where memory's first region does, so that half of them straddle into the second. */
    private static long slot(int cookie) {
        return Rings.END - (long) SLOT * SIZE / 2 + (long) SLOT * cookie - 100;
    }

    private void offer() {
        int cookie = random.nextInt(SIZE);
        int reads = random.nextInt(4);
        int writes = random.nextInt(4);
        if (offered[cookie] || reads + writes == 0 || !rings.driver().begin(reads + writes)) {
            return;
        }
        stamp[cookie] = ++stamps;
        buffers[cookie] = reads + writes;
        readable[cookie] = 0;
        for (int i = 0; i < reads; i++) {
            int length = random.nextInt(8) == 0 ? 0 : random.nextInt(1, 300);
            rings.driver().readable(slot(cookie) + readable[cookie], length);
            readable[cookie] += length;
        }
        writable[cookie] = 0;
        for (int i = 0; i < writes; i++) {
            int length = random.nextInt(8) == 0 ? 0 : random.nextInt(1, 300);
            rings.driver().writable(slot(cookie) + WRITABLE_AT + writable[cookie], length);
            writable[cookie] += length;
        }
        fill(readable[cookie], stamp[cookie]);
        rings.table().write(slot(cookie), scratch.asSlice(0, readable[cookie]));
        int before = rings.driver().free();
        rings.driver().offer(cookie);
        assertThat(rings.driver().free()).isLessThanOrEqualTo(before);
        offered[cookie] = true;
        chains++;
    }

    private void publish() {
        int old = rings.driver().availableIndex();
        long used = rings.config().usedRing();
        boolean suppressed = rings.read(used, 2) == 1;
        int event = (int) rings.read(used + 4 + 8L * SIZE, 2);
        boolean kick = rings.driver().publish();
        int now = rings.driver().availableIndex();
        boolean expected = rings.config().eventIdx() ? passes(event, old, now) : !suppressed && now != old;
        assertThat(kick).as("kick, seed %d chain %d", seed, chains).isEqualTo(expected);
    }

    /** 2.7.7.2 and 2.7.10.1 word by word: some index that was written equals the event. */
    private static boolean passes(int event, int old, int now) {
        for (int i = old; i != now; i = i + 1 & 0xFFFF) {
            if (i == event) {
                return true;
            }
        }
        return false;
    }

    private void take() {
        ChainCursor chain = rings.chain();
        if (rings.queue().poll(chain) != Verdict.CHAIN) {
            assertThat(rings.queue().fault()).as("seed %d", seed).isNull();
            return;
        }
        long got = 0;
        if (chain.readableBytes() >= 8) {
            got = chain.readLong(0);
        }
        int cookie = -1;
        for (int i = 0; i < SIZE; i++) {
            boolean same = offered[i]
                    && written[i] == 0
                    && readable[i] == chain.readableBytes()
                    && writable[i] == chain.writableBytes()
                    && (readable[i] < 8 || pattern(stamp[i], 0) == got);
            if (same && (cookie < 0 || stamp[i] < stamp[cookie])) {
                cookie = i;
            }
        }
        assertThat(cookie).as("seed %d: %s was offered", seed, chain).isNotNegative();
        scratch.fill((byte) 0);
        assertThat(chain.copyIn(0, scratch, 0, SLOT)).isEqualTo(readable[cookie]);
        for (int i = 0; i + 8 <= readable[cookie]; i += 8) {
            assertThat(scratch.get(ValueLayout.JAVA_LONG_UNALIGNED, i)).isEqualTo(pattern(stamp[cookie], i));
        }
        written[cookie] = 1;
        inFlightHeads[inFlight] = chain.head();
        inFlightCookies[inFlight++] = cookie;
        int bytes = writable[cookie] == 0 ? 0 : random.nextInt(writable[cookie] + 1);
        fill(bytes, ~stamp[cookie]);
        assertThat(chain.copyOut(0, scratch, 0, bytes)).isEqualTo(bytes);
        written[cookie] += bytes;
    }

    private void complete() {
        if (inFlight == 0) {
            return;
        }
        int which = random.nextInt(inFlight);
        int head = inFlightHeads[which];
        int cookie = inFlightCookies[which];
        inFlightHeads[which] = inFlightHeads[--inFlight];
        inFlightCookies[which] = inFlightCookies[inFlight];
        int old = (int) rings.read(rings.config().usedRing() + 2, 2);
        rings.queue().complete(head, written[cookie] - 1);
        long available = rings.config().availableRing();
        int event = (int) rings.read(available + 4 + 2L * SIZE, 2);
        boolean suppressed = rings.read(available, 2) == 1;
        boolean expected = rings.config().eventIdx() ? event == old : !suppressed;
        assertThat(rings.queue().needsInterrupt())
                .as("interrupt, seed %d chain %d", seed, chains)
                .isEqualTo(expected);
    }

    private void reap() {
        while (rings.driver().reap() >= 0) {
            int cookie = (int) rings.driver().cookie();
            assertThat(offered[cookie]).as("seed %d cookie %d", seed, cookie).isTrue();
            int bytes = written[cookie] - 1;
            assertThat(rings.driver().written()).isEqualTo(bytes);
            rings.table().read(slot(cookie) + WRITABLE_AT, scratch.asSlice(0, bytes));
            for (int i = 0; i + 8 <= bytes; i += 8) {
                assertThat(scratch.get(ValueLayout.JAVA_LONG_UNALIGNED, i)).isEqualTo(pattern(~stamp[cookie], i));
            }
            offered[cookie] = false;
            written[cookie] = 0;
        }
    }

    private void arm() {
        switch (random.nextInt(4)) {
            case 0 -> rings.queue().disarmKick();
            case 1 -> rings.driver().disarmInterrupt();
            case 2 -> rings.queue().armKick();
            default ->
                assertThat(rings.driver().armInterrupt())
                        .isEqualTo(rings.driver().hasUsed());
        }
    }

    private static long pattern(long stamp, int at) {
        return stamp * 0x9E37_79B9_7F4A_7C15L + at;
    }

    private void fill(int bytes, long by) {
        for (int i = 0; i < bytes; i += 8) {
            scratch.set(ValueLayout.JAVA_LONG_UNALIGNED, i, pattern(by, i));
        }
    }
}
