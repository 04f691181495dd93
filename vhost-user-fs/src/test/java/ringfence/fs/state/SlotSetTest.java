package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlotSetTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 4096, 4097, 20_000})
    void givesTheLowestFreeOne(int size) {
        SplittableRandom random = new SplittableRandom(size);
        SlotSet slots = new SlotSet(size);
        BitSet taken = new BitSet();
        for (int i = 0; i < 60_000; i++) {
            int slot = random.nextInt(size);
            if (random.nextInt(5) < 3) {
                int lowest = taken.nextClearBit(0);
                assertThat(slots.take()).isEqualTo(lowest < size ? lowest : SlotSet.NONE);
                if (lowest < size) {
                    taken.set(lowest);
                }
            } else if (taken.get(slot)) {
                slots.give(slot);
                taken.clear(slot);
            } else if (random.nextBoolean()) {
                slots.take(slot);
                taken.set(slot);
            }
            if (random.nextInt(20_000) == 0) {
                slots.clear();
                taken.clear();
            }
            assertThat(slots.taken()).isEqualTo(taken.cardinality());
            assertThat(slots.isTaken(slot)).isEqualTo(taken.get(slot));
        }
    }
}
