package ringfence.virtio.queue;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * No kick and no interrupt is lost: of "the publisher notifies" (r1) and "the waiter finds it when it looks again" (r2)
 * at least one is true. 2.7.7 and 2.7.10.
 */
public final class NotificationStress {
    private NotificationStress() {}

    /** The driver publishes while the device goes to sleep, EVENT_IDX. */
    @JCStressTest
    @Outcome(
            id = {"true, false", "false, true", "true, true"},
            expect = ACCEPTABLE,
            desc = "noticed")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "the kick is lost")
    @State
    public static class KickByEvent {
        private final StressRing ring = new StressRing(true).used();

        /** The driver. */
        @Actor
        public void driver(ZZ_Result seen) {
            ring.offer(7);
            seen.r1 = ring.driver.publish();
        }

        /** The device. */
        @Actor
        public void device(ZZ_Result seen) {
            seen.r2 = ring.take() >= 0 || ring.queue.armKick();
        }
    }

    /** The same by the flag NO_NOTIFY. */
    @JCStressTest
    @Outcome(
            id = {"true, false", "false, true", "true, true"},
            expect = ACCEPTABLE,
            desc = "noticed")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "the kick is lost")
    @State
    public static class KickByFlag {
        private final StressRing ring = new StressRing(false).used();

        /** Kicks are off. */
        public KickByFlag() {
            ring.queue.disarmKick();
        }

        /** The driver. */
        @Actor
        public void driver(ZZ_Result seen) {
            ring.offer(7);
            seen.r1 = ring.driver.publish();
        }

        /** The device. */
        @Actor
        public void device(ZZ_Result seen) {
            seen.r2 = ring.take() >= 0 || ring.queue.armKick();
        }
    }

    /** The device completes while the driver goes to sleep, EVENT_IDX. */
    @JCStressTest
    @Outcome(
            id = {"true, false", "false, true", "true, true"},
            expect = ACCEPTABLE,
            desc = "noticed")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "the interrupt is lost")
    @State
    public static class InterruptByEvent {
        private final StressRing ring = new StressRing(true).used();

        /** A chain is in flight. */
        public InterruptByEvent() {
            ring.offer(8);
            ring.driver.publish();
            ring.take();
        }

        /** The device. */
        @Actor
        public void device(ZZ_Result seen) {
            ring.queue.complete(ring.chain.head(), 0);
            seen.r1 = ring.queue.needsInterrupt();
        }

        /** The driver. */
        @Actor
        public void driver(ZZ_Result seen) {
            seen.r2 = ring.driver.reap() >= 0 || ring.driver.armInterrupt();
        }
    }

    /** The same by the flag NO_INTERRUPT. */
    @JCStressTest
    @Outcome(
            id = {"true, false", "false, true", "true, true"},
            expect = ACCEPTABLE,
            desc = "noticed")
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "the interrupt is lost")
    @State
    public static class InterruptByFlag {
        private final StressRing ring = new StressRing(false).used();

        /** A chain is in flight, interrupts are off. */
        public InterruptByFlag() {
            ring.offer(8);
            ring.driver.publish();
            ring.take();
            ring.driver.disarmInterrupt();
        }

        /** The device. */
        @Actor
        public void device(ZZ_Result seen) {
            ring.queue.complete(ring.chain.head(), 0);
            seen.r1 = ring.queue.needsInterrupt();
        }

        /** The driver. */
        @Actor
        public void driver(ZZ_Result seen) {
            seen.r2 = ring.driver.reap() >= 0 || ring.driver.armInterrupt();
        }
    }

    /** The control: {@link KickByEvent} without its two fences. It must show what the others forbid. */
    @JCStressTest
    @Outcome(
            id = {"true, false", "false, true", "true, true"},
            expect = ACCEPTABLE,
            desc = "noticed")
    @Outcome(id = "false, false", expect = ACCEPTABLE_INTERESTING, desc = "the kick is lost, as it should be here")
    @State
    public static class ControlWithoutFences {
        private final StressRing ring = new StressRing(true).used();

        /** The driver, without the fence. */
        @Actor
        public void driver(ZZ_Result seen) {
            ring.words.availableIndexRelease(2);
            seen.r1 = SplitRing.passes(ring.words.availableEventOpaque(), 2, 1);
        }

        /** The device, without the fence. */
        @Actor
        public void device(ZZ_Result seen) {
            ring.words.availableEventOpaque(1);
            seen.r2 = ring.words.availableIndexAcquire() != 1;
        }
    }
}
