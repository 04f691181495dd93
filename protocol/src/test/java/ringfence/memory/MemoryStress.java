package ringfence.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A table that a user adopts at the very moment when it is retired: r1 the version adopted, r2 what still waits. */
@JCStressTest
@Outcome(
        id = {"1, 1", "2, 0", "2, 1"},
        expect = ACCEPTABLE,
        desc = "the old table is kept, or not in use")
@Outcome(id = "1, 0", expect = FORBIDDEN, desc = "the user holds a table whose memory is gone")
@State
public class MemoryStress {
    private final MemoryPublisher publisher = new MemoryPublisher(MemoryTable.of(List.of()));
    private final MemoryUser user = publisher.register();

    /** A queue's worker. */
    @Actor
    public void user(II_Result seen) {
        seen.r1 = (int) user.adopt().version();
    }

    /** The owner. */
    @Actor
    public void owner(II_Result seen) {
        publisher.publish(publisher.current().next(List.of()));
        publisher.retire(() -> {});
        seen.r2 = publisher.reclaim();
    }
}
