package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.virtio.RingFormat;

/** Virtio 1.3, 2.7.7 and 2.7.10: who is notified, and when not. */
class NotificationTest {
    private static final String FORMATS = "ringfence.virtio.queue.Rings#formats";

    /** 2.7.7.2: with EVENT_IDX the device interrupts when it fills the element that used_event names. */
    @ParameterizedTest
    @MethodSource(FORMATS)
    void staysSilentUntilTheElementNamedByUsedEvent(RingFormat format) {
        try (Rings rings = Rings.of(format).size(8).eventIdx().start().offers(4)) {
            rings.driver().armInterrupt(3);
            assertThat(rings.completes(2).interrupts()).isZero();
            assertThat(rings.completes(1).interrupts()).isEqualTo(1);
            assertThat(rings.completes(1).interrupts()).isZero();
        }
    }

    /** 2.7.7.2, note: used_event 0 is passed by the first buffer used. */
    @ParameterizedTest
    @MethodSource(FORMATS)
    void interruptsForTheFirstBufferOfAFreshRing(RingFormat format) {
        try (Rings rings = Rings.of(format).eventIdx().start().offers(2)) {
            assertThat(rings.completes(2).interrupts()).isEqualTo(1);
        }
    }

    /** A batch interrupts once, if the event lies anywhere within it. */
    @ParameterizedTest
    @MethodSource(FORMATS)
    void interruptsOncePerBatch(RingFormat format) {
        try (Rings rings = Rings.of(format).eventIdx().start().offers(4)) {
            rings.driver().armInterrupt(2);
            for (int i = 0; i < 4; i++) {
                rings.queue().complete(rings.takes().head(), 0);
            }
            assertThat(rings.queue().needsInterrupt()).isTrue();
            assertThat(rings.queue().needsInterrupt()).isFalse();
        }
    }

    /** 2.7.7.2: without EVENT_IDX the flag decides, and used_event counts for nothing. */
    @ParameterizedTest
    @MethodSource(FORMATS)
    void obeysNoInterrupt(RingFormat format) {
        try (Rings rings = Rings.of(format).size(8).start().offers(3)) {
            assertThat(rings.completes(1).interrupts()).isEqualTo(1);
            rings.driver().disarmInterrupt();
            assertThat(rings.completes(1).interrupts()).isZero();
            assertThat(rings.driver().armInterrupt()).as("two are used already").isTrue();
            assertThat(rings.completes(1).interrupts()).isEqualTo(1);
        }
    }

    /** 2.7.10.1: with EVENT_IDX the driver kicks when it writes the entry that avail_event names. */
    @ParameterizedTest
    @MethodSource(FORMATS)
    void kicksOnlyForTheEntryNamedByAvailEvent(RingFormat format) {
        try (Rings rings = Rings.of(format).size(16).eventIdx().start()) {
            assertThat(rings.offers(3).kicks()).as("the first, on a fresh ring").isEqualTo(1);
            rings.completes(3);
            assertThat(rings.queue().armKick()).isFalse();
            assertThat(rings.offers(2).kicks()).isEqualTo(1);
            assertThat(rings.queue().armKick()).as("two slipped in").isTrue();
        }
    }

    /** 2.7.10.1: without EVENT_IDX the flag decides. */
    @ParameterizedTest
    @MethodSource(FORMATS)
    void obeysNoNotify(RingFormat format) {
        try (Rings rings = Rings.of(format).size(8).start()) {
            rings.queue().disarmKick();
            assertThat(rings.offers(2).kicks()).isZero();
            rings.completes(2);
            assertThat(rings.queue().armKick()).isFalse();
            assertThat(rings.offers(1).kicks()).isEqualTo(1);
        }
    }

    /** 2.7.10.2: with EVENT_IDX the device leaves flags at 0. */
    @ParameterizedTest
    @MethodSource(FORMATS)
    void leavesFlagsAloneWithEventIdx(RingFormat format) {
        try (Rings rings = Rings.of(format).eventIdx().start().offers(1)) {
            rings.queue().disarmKick();
            rings.completes(1).queue().armKick();
            rings.queue().disarmKick();
            assertThat(rings.read(rings.config().usedRing(), 2)).isZero();
        }
    }

    /** Events work where the indices wrap. */
    @ParameterizedTest
    @MethodSource(FORMATS)
    void eventsGoRoundTheIndexSpace(RingFormat format) {
        try (Rings rings = Rings.of(format).size(4).eventIdx().start()) {
            int interrupts = 0;
            for (int i = 0; i < 0x1_0004; i++) {
                rings.offers(1);
                rings.driver().armInterrupt();
                interrupts += rings.completes(1).interrupts();
                rings.driver().reap();
                assertThat(rings.queue().armKick()).isFalse();
            }
            assertThat(interrupts).isEqualTo(0x1_0004);
            assertThat(rings.kicks()).isEqualTo(0x1_0004);
        }
    }

    /** A predecessor may have died between a completion and its interrupt. */
    @ParameterizedTest
    @MethodSource(FORMATS)
    void owesAnInterruptWhenItGoesOnFromElsewhere(RingFormat format) {
        try (Rings rings = Rings.of(format).eventIdx().from(5, 5).start()) {
            assertThat(rings.queue().needsInterrupt()).isTrue();
            assertThat(rings.queue().needsInterrupt()).isFalse();
            rings.queue().oweInterrupt();
            assertThat(rings.queue().needsInterrupt()).isTrue();
        }
        try (Rings fresh = Rings.of(format).eventIdx().start()) {
            assertThat(fresh.queue().needsInterrupt()).isFalse();
        }
    }
}
