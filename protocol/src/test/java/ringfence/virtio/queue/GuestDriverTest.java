package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ringfence.virtio.queue.Rings.DATA;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.virtio.RingFormat;
import ringfence.virtio.queue.QueueFault.Reason;

/** Virtio 1.3, 2.7.13 and 2.7.14, and a driver whose device is hostile. */
class GuestDriverTest {
    private final Rings rings = Rings.of(RingFormat.SPLIT).size(4);

    @AfterEach
    void unmap() {
        rings.close();
    }

    /** 2.7.13: offered chains are invisible until the index says so. */
    @Test
    void offersNothingBeforeItPublishes() {
        rings.start();
        rings.driver().begin(1);
        rings.driver().readable(DATA, 1);
        rings.driver().offer(0);
        assertThat(rings.queue().poll(rings.chain())).isEqualTo(Verdict.EMPTY);
        rings.driver().publish();
        assertThat(rings.queue().poll(rings.chain())).isEqualTo(Verdict.CHAIN);
    }

    @Test
    void isFullWhenDescriptorsAreUsedUp() {
        rings.start().offers(2);
        assertThat(rings.driver().free()).isZero();
        assertThat(rings.driver().begin(1)).isFalse();
        rings.completes(1);
        assertThat(rings.driver().reap()).isNotNegative();
        assertThat(rings.driver().begin(3)).isFalse();
        assertThat(rings.driver().begin(2)).isTrue();
    }

    /** 2.7.5.3: an indirect table costs one descriptor. */
    @Test
    void putsChainsIntoTables() {
        rings.tables(3).start().offers(4);
        assertThat(rings.driver().free()).isZero();
        for (int i = 0; i < 4; i++) {
            assertThat(rings.takes().count()).isEqualTo(2);
        }
    }

    @Test
    void givesCookieAndLengthBack() {
        rings.start().offers(2);
        int first = rings.takes().head();
        int second = rings.takes().head();
        rings.queue().complete(second, 100);
        rings.queue().complete(first, -1);
        assertThat(rings.driver().reap()).isEqualTo(second);
        assertThat(rings.driver().cookie()).isEqualTo(1);
        assertThat(rings.driver().written()).isEqualTo(100);
        assertThat(rings.driver().reap()).isEqualTo(first);
        assertThat(rings.driver().written()).isEqualTo(0xFFFF_FFFFL);
        assertThat(rings.driver().reap()).isEqualTo(-1);
    }

    @Test
    void refusesADeviceThatUsesWhatItWasNotGiven() {
        rings.start().offers(1);
        long used = rings.config().usedRing();
        for (long id : new long[] {1, 4, 0xFFFF_FFFFL, 0x8000_0000L}) {
            rings.write(used + 4, id, 4);
            rings.write(used + 2, 1, 2);
            assertThatThrownBy(() -> rings.driver().reap())
                    .isInstanceOfSatisfying(
                            QueueException.class,
                            e -> assertThat(e.fault().reason()).isEqualTo(Reason.USED_NOT_IN_FLIGHT));
        }
    }

    @Test
    void refusesADeviceThatUsesAChainTwice() {
        rings.start().offers(1).completes(1);
        assertThat(rings.driver().reap()).isZero();
        long used = rings.config().usedRing();
        rings.write(used + 12, 0, 4);
        rings.write(used + 2, 2, 2);
        assertThatThrownBy(() -> rings.driver().reap()).isInstanceOf(QueueException.class);
    }

    /** The device cannot lead the driver astray by writing to the descriptor table. */
    @Test
    void keepsItsFreeListToItself() {
        rings.start().offers(1);
        rings.completes(1);
        rings.descriptor(0, 0, 0, 1, 0xFFFF).descriptor(1, 0, 0, 1, 0xFFFF);
        assertThat(rings.driver().reap()).isZero();
        assertThat(rings.driver().free()).isEqualTo(4);
        rings.offers(2);
        assertThat(rings.takes().count()).isEqualTo(2);
    }

    @Test
    void insistsOnItsPlan() {
        rings.start();
        rings.driver().begin(1);
        assertThatThrownBy(() -> rings.driver().offer(0)).isInstanceOf(IllegalStateException.class);
        rings.driver().readable(DATA, 1);
        assertThatThrownBy(() -> rings.driver().readable(DATA, 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> rings.driver().begin(1)).isInstanceOf(IllegalStateException.class);
    }
}
