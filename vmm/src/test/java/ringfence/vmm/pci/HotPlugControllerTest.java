package ringfence.vmm.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.Bus;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;

/** The hot-plug registers as a guest's ACPI code uses them, and as one that means harm does. */
class HotPlugControllerTest {
    private static final long AT = 0xFF_FFFE_E000L;
    private static final int PCIU = 0;
    private static final int PCID = 4;
    private static final int B0EJ = 8;
    private static final int PSEG = 12;

    private final List<String> ejected = new ArrayList<>();
    private boolean busy;
    private CompletableFuture<Long> emptied = CompletableFuture.completedFuture(0L);
    private final HotPlugController controller =
            new HotPlugController(2, this::eject, new Deadlines(5_000_000_000L, 5_000_000_000L));
    private final Bus bus = Bus.EMPTY.with(AT, HotPlugController.SIZE, controller);

    private CompletionStage<Long> eject(int segment, int slots) {
        if (busy) {
            throw new RejectedExecutionException("busy");
        }
        ejected.add(segment + ":" + Integer.toHexString(slots));
        return emptied;
    }

    private long read(int register) {
        ReadValue value = new ReadValue();
        bus.read(AT + register, 4, value);
        return value.value();
    }

    private Access write(int register, long value) {
        return bus.write(AT + register, 4, value);
    }

    @Test
    void aFilledSlotIsToldOnceInItsSegment() {
        controller.filled(0, 6);
        controller.filled(1, 31);
        assertThat(read(PCIU)).isEqualTo(1 << 6);
        assertThat(read(PCIU)).isZero();
        write(PSEG, 1);
        assertThat(read(PSEG)).isEqualTo(1);
        assertThat(read(PCIU)).isEqualTo(0x8000_0000L);
        assertThat(read(PCID)).isZero();
    }

    @Test
    void aSlotThatIsAskedForIsToldAndEjectedOnce() {
        controller.filled(0, 6);
        controller.askFor(0, 6);
        assertThat(read(PCID)).isEqualTo(1 << 6);
        assertThat(read(PCID)).isZero();
        write(B0EJ, 1 << 6);
        write(B0EJ, 1 << 6);
        assertThat(ejected).containsExactly("0:40");
    }

    @Test
    void aGuestThatTakesItsTimeIsAskedAgain() {
        controller.askFor(0, 6);
        assertThat(read(PCID)).isEqualTo(1 << 6);
        controller.askFor(0, 6);
        assertThat(read(PCID)).isEqualTo(1 << 6);
        write(B0EJ, 1 << 6);
        assertThat(ejected).containsExactly("0:40");
    }

    @Test
    void theWriteWaitsUntilTheSlotIsEmpty() {
        emptied = new CompletableFuture<>();
        controller.askFor(0, 6);
        Access access = write(B0EJ, 1 << 6);
        assertThat(access).isInstanceOfSatisfying(Deferred.class, deferred -> {
            assertThat(deferred.isAnswered()).isFalse();
            emptied.complete(0L);
            assertThat(deferred.isAnswered()).isTrue();
        });
    }

    /** Of the host bridge, of devices that the host wants to stay, of empty slots. */
    @Test
    void whatWasNotAskedForIsNotEjected() {
        controller.filled(0, 7);
        controller.askFor(0, 6);
        assertThat(write(B0EJ, 0xFFFF_FFFFL)).isInstanceOf(Deferred.class);
        assertThat(ejected).containsExactly("0:40");
        assertThat(write(B0EJ, 0xFFFF_FFFFL)).isEqualTo(Done.DONE);
        assertThat(ejected).hasSize(1);
        assertThat(read(PCIU)).as("the others stay").isEqualTo(1 << 7);
    }

    @Test
    void whoIsBusyIsAskedAgainByTheGuest() {
        controller.askFor(0, 6);
        busy = true;
        assertThat(write(B0EJ, 1 << 6)).isEqualTo(Done.DONE);
        busy = false;
        write(B0EJ, 1 << 6);
        assertThat(ejected).containsExactly("0:40");
    }

    /** The slot has another device by now. */
    @Test
    void anEjectThatComesLateDoesNotTakeTheSuccessor() {
        controller.askFor(0, 6);
        controller.filled(0, 6);
        write(B0EJ, 1 << 6);
        assertThat(ejected).isEmpty();
        assertThat(read(PCID)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {2, 255, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL})
    void inASegmentThatThereIsNotNothingHappens(long segment) {
        controller.filled(0, 6);
        controller.askFor(1, 6);
        write(PSEG, segment);
        assertThat(read(PSEG)).isEqualTo(segment);
        assertThat(read(PCIU)).isZero();
        assertThat(read(PCID)).isZero();
        assertThat(write(B0EJ, 0xFFFF_FFFFL)).isEqualTo(Done.DONE);
        assertThat(ejected).isEmpty();
        write(PSEG, 1);
        assertThat(read(PCID)).isEqualTo(1 << 6);
    }

    /** However a guest writes, there is no more than one ejection a request, and none without. */
    @Test
    void randomAccessesEjectNoMoreThanWasAskedFor() {
        long seed = Long.getLong("ringfence.seed", System.nanoTime());
        Random random = new Random(seed);
        int asked = 0;
        for (int i = 0; i < 200_000; i++) {
            if (random.nextInt(100) == 0) {
                controller.askFor(random.nextInt(2), random.nextInt(32));
                asked++;
            }
            int width = 1 << random.nextInt(4);
            long at = AT + random.nextInt(HotPlugController.SIZE + 1 - width);
            if (random.nextBoolean()) {
                bus.write(at, width, random.nextInt(4) == 0 ? random.nextInt(3) : random.nextLong());
            } else {
                bus.read(at, width, new ReadValue());
            }
        }
        int bits = ejected.stream()
                .mapToInt(line -> Integer.bitCount(Integer.parseUnsignedInt(line.substring(2), 16)))
                .sum();
        assertThat(bits).as("seed " + seed).isPositive().isLessThanOrEqualTo(asked);
    }

    @Test
    void theNextGuestHearsNothingOfIt() {
        controller.filled(1, 6);
        controller.askFor(1, 7);
        write(PSEG, 1);
        controller.reset();
        assertThat(read(PSEG)).isZero();
        write(PSEG, 1);
        assertThat(read(PCIU)).isZero();
        assertThat(read(PCID)).isZero();
        write(B0EJ, 0xFFFF_FFFFL);
        assertThat(ejected).isEmpty();
    }
}
