package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Section "Inflight I/O tracking": what is noted, and what a successor makes of it. */
class InflightQueueTest {
    private static final int SIZE = 8;
    private final MemorySegment memory = Arena.ofAuto().allocate(InflightLayout.queueBytes(SIZE), 8);

    private InflightQueue queue() {
        return new InflightQueue(memory, SIZE);
    }

    private InflightQueue fresh() {
        InflightQueue queue = queue();
        assertThat(queue.recover(SIZE, 0)).isEmpty();
        return queue;
    }

    @Test
    void bytesAreThoseOfTheSpecification() {
        InflightQueue queue = fresh();
        queue.taken(3);
        queue.taken(5);
        queue.completing(3);
        queue.completed(3, 1);
        assertThat(memory.get(ValueLayout.JAVA_SHORT, 8)).as("version").isEqualTo((short) 1);
        assertThat(memory.get(ValueLayout.JAVA_SHORT, 10)).as("desc_num").isEqualTo((short) SIZE);
        assertThat(memory.get(ValueLayout.JAVA_SHORT, 12)).as("last_batch_head").isEqualTo((short) 3);
        assertThat(memory.get(ValueLayout.JAVA_SHORT, 14)).as("used_idx").isEqualTo((short) 1);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 16 + 16 * 3)).isZero();
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 16 + 16 * 5)).isEqualTo((byte) 1);
        assertThat(memory.get(ValueLayout.JAVA_LONG, 16 + 16 * 5 + 8))
                .as("counter")
                .isEqualTo(1);
    }

    @Test
    void whatIsInFlightComesBackInTheOrderInWhichItWasTaken() {
        InflightQueue queue = fresh();
        for (int head : new int[] {6, 1, 4, 0}) {
            queue.taken(head);
        }
        queue.completing(4);
        queue.completed(4, 1);
        queue.taken(4);
        assertThat(queue().recover(SIZE, 1)).containsExactly(6, 1, 0, 4);
    }

    @Test
    void countersGoOnAfterARecovery() {
        InflightQueue queue = fresh();
        queue.taken(2);
        queue.taken(1);
        InflightQueue second = queue();
        second.recover(SIZE, 0);
        second.taken(0);
        assertThat(queue().recover(SIZE, 0)).containsExactly(2, 1, 0);
    }

    /** In a byte that the specification leaves free. */
    @Test
    void itIsKnownHowOftenAChainWasBegunAgainUntilItsHeadIsTakenAnew() {
        fresh().taken(2);
        for (int before = 0; before < 300; before++) {
            InflightQueue successor = queue();
            assertThat(successor.recover(SIZE, 0)).containsExactly(2);
            assertThat(successor.again(2)).isEqualTo(Math.min(before, 255));
        }
        InflightQueue queue = queue();
        queue.recover(SIZE, 0);
        queue.completing(2);
        queue.completed(2, 1);
        queue.taken(2);
        assertThat(queue.again(2)).isZero();
    }

    /** "When reconnecting", 1: used_idx is behind, the last batch has been handed back. */
    @Test
    void aCompletionThatWasCutShortIsFinished() {
        InflightQueue queue = fresh();
        queue.taken(2);
        queue.taken(7);
        queue.completing(7); // and then used.idx became 1, and then it died
        assertThat(queue().recover(SIZE, 1)).containsExactly(2);
        assertThat(memory.get(ValueLayout.JAVA_SHORT, 14)).isEqualTo((short) 1);
    }

    @Test
    void aCompletionThatDidNotReachTheUsedRingIsDoneAgain() {
        InflightQueue queue = fresh();
        queue.taken(7);
        queue.completing(7);
        assertThat(queue().recover(SIZE, 0)).containsExactly(7);
    }

    @Test
    void anEmptyRegionFollowsTheRingWhereverItStands() {
        fresh();
        assertThat(queue().recover(SIZE, 500)).isEmpty();
        assertThat(memory.get(ValueLayout.JAVA_SHORT, 14)).isEqualTo((short) 500);
        assertThat(queue().recover(4, 3)).as("another ring").isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 255, 0xFFFF})
    void anotherVersionIsRefused(int version) {
        memory.set(ValueLayout.JAVA_SHORT, 8, (short) version);
        assertThatThrownBy(() -> queue().recover(SIZE, 0)).hasMessageContaining("version " + version);
    }

    /** CVE-2021-3839 and its kin. */
    @ParameterizedTest
    @CsvSource({
        "10, 9, entries", // desc_num
        "10, 65535, entries",
        "14, 9, used index", // used_idx, so that the batch is longer than the ring
        "12, 8, batch names head", // last_batch_head
        "12, 65535, batch names head",
    })
    void numbersThatCannotBeAreRefused(int offset, int value, String reason) {
        InflightQueue queue = fresh();
        queue.taken(1);
        memory.set(ValueLayout.JAVA_SHORT, offset, (short) value);
        assertThatThrownBy(() -> queue().recover(SIZE, 1))
                .isInstanceOf(InflightException.class)
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE})
    void countersThatCannotBeAreRefused(long counter) {
        InflightQueue queue = fresh();
        queue.taken(1);
        memory.set(ValueLayout.JAVA_LONG, 16 + 16 + 8, counter);
        assertThatThrownBy(() -> queue().recover(SIZE, 0)).hasMessageContaining("counter");
    }

    @Test
    void equalCountersAreNoReasonToRefuse() {
        InflightQueue queue = fresh();
        queue.taken(5);
        queue.taken(1);
        memory.set(ValueLayout.JAVA_LONG, 16 + 16 + 8, 0L);
        assertThat(queue().recover(SIZE, 0)).containsExactly(1, 5);
    }

    @Test
    void aBatchListThatIsALoopEnds() {
        InflightQueue queue = fresh();
        queue.taken(1);
        queue.taken(2);
        memory.set(ValueLayout.JAVA_SHORT, 12, (short) 1);
        memory.set(ValueLayout.JAVA_SHORT, 16 + 16 + 6, (short) 1);
        assertThat(queue().recover(SIZE, 8)).containsExactly(2);
    }

    @Test
    void aRingLargerThanTheRegionIsRefused() {
        assertThatThrownBy(() -> queue().recover(SIZE * 2, 0)).isInstanceOf(InflightException.class);
    }

    /** Whatever the memory holds: heads inside the ring, each once, or an InflightException. */
    @Test
    void junkIsRefusedInOneWay() {
        Random random = new Random(11);
        byte[] junk = new byte[(int) memory.byteSize()];
        for (int i = 0; i < 100_000; i++) {
            random.nextBytes(junk);
            Arrays.fill(junk, 8, 16, (byte) 0);
            junk[8] = (byte) (random.nextInt(8) == 0 ? 2 : 1);
            junk[10] = (byte) (random.nextInt(8) == 0 ? random.nextInt(256) : SIZE);
            junk[12] = (byte) random.nextInt(SIZE + 1);
            junk[14] = (byte) random.nextInt(4);
            for (int head = 0; head < SIZE; head++) {
                junk[16 + 16 * head] = (byte) random.nextInt(2);
                junk[16 + 16 * head + 7] = 0;
                junk[16 + 16 * head + 6] = (byte) random.nextInt(SIZE + 1);
                junk[16 + 16 * head + 15] = (byte) (random.nextInt(50) == 0 ? 0x80 : 0);
            }
            memory.copyFrom(MemorySegment.ofArray(junk));
            try {
                int[] heads = queue().recover(SIZE, random.nextInt(6));
                assertThat(heads).doesNotHaveDuplicates();
                assertThat(Arrays.stream(heads)).allMatch(head -> head >= 0 && head < SIZE);
            } catch (InflightException expected) {
                assertThat(expected).hasMessageStartingWith("inflight: ");
            }
        }
    }
}
