package ringfence.virtio.queue;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Releases and acquires of the two indices, 2.7.13.3.1 and 2.7.8.2. */
public final class PublicationStress {
    private PublicationStress() {}

    /** Who sees avail.idx sees the entry and its descriptor. */
    @JCStressTest
    @Outcome(id = "-1, -1", expect = ACCEPTABLE, desc = "nothing yet")
    @Outcome(id = "7, -1", expect = ACCEPTABLE, desc = "one")
    @Outcome(id = "7, 9", expect = ACCEPTABLE, desc = "both")
    @Outcome(expect = FORBIDDEN, desc = "a descriptor or an entry older than its index")
    @State
    public static class Available {
        private final StressRing ring = new StressRing(true).used();

        /** The driver. */
        @Actor
        public void driver() {
            ring.offer(7);
            ring.driver.publish();
            ring.offer(9);
            ring.driver.publish();
        }

        /** The device. */
        @Actor
        public void device(II_Result seen) {
            seen.r1 = ring.take();
            seen.r2 = seen.r1 < 0 ? -1 : ring.take();
        }
    }

    /** Who sees used.idx sees the element and what was written into the buffer. */
    @JCStressTest
    @Outcome(id = "-1, -1", expect = ACCEPTABLE, desc = "nothing yet")
    @Outcome(id = "5, 42", expect = ACCEPTABLE, desc = "used, with its data")
    @Outcome(expect = FORBIDDEN, desc = "an element or data older than the index")
    @State
    public static class Used {
        private final StressRing ring = new StressRing(true);

        /** A chain is in flight. */
        public Used() {
            ring.offer(8);
            ring.driver.publish();
            ring.take();
        }

        /** The device. */
        @Actor
        public void device() {
            ring.chain.segment(0).set(ValueLayout.JAVA_INT, ring.chain.offset(0), 42);
            ring.queue.complete(ring.chain.head(), 5);
        }

        /** The driver. */
        @Actor
        public void driver(II_Result seen) {
            boolean there = ring.driver.reap() >= 0;
            seen.r1 = there ? (int) ring.driver.written() : -1;
            seen.r2 = there ? ring.table.segment(0).get(ValueLayout.JAVA_INT, 512) : -1;
        }
    }
}
