package ringfence.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;

class MemoryPublisherTest {
    private final AtomicLong closed = new AtomicLong();

    @Test
    void keepsWhatAUserOfTheOldTableMayStillReach() {
        try (MemoryPublisher publisher = new MemoryPublisher(MemoryTable.of(List.of()))) {
            MemoryUser user = publisher.register();
            user.adopt();
            publisher.publish(publisher.current().next(List.of()));
            publisher.retire(closed::incrementAndGet);
            assertThat(publisher.reclaim()).isEqualTo(1);
            assertThat(closed).hasValue(0);
            assertThat(user.isStale()).isTrue();

            assertThat(user.adopt()).isSameAs(publisher.current());
            assertThat(user.isStale()).isFalse();
            assertThat(publisher.reclaim()).isZero();
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void anIdleUserHoldsNothing() {
        try (MemoryPublisher publisher = new MemoryPublisher(MemoryTable.of(List.of()))) {
            MemoryUser user = publisher.register();
            user.adopt();
            user.release();
            publisher.publish(publisher.current().next(List.of()));
            publisher.retire(closed::incrementAndGet);
            assertThat(user.isStale()).isFalse();
            assertThat(publisher.quiesce(0)).isTrue();
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void aUserThatIsGoneHoldsNothing() {
        try (MemoryPublisher publisher = new MemoryPublisher(MemoryTable.of(List.of()))) {
            MemoryUser user = publisher.register();
            user.adopt();
            publisher.publish(publisher.current().next(List.of()));
            publisher.retire(closed::incrementAndGet);
            assertThat(publisher.quiesce(TimeUnit.MILLISECONDS.toNanos(5))).isFalse();
            user.close();
            assertThat(publisher.quiesce(0)).isTrue();
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void refusesAnOlderTable() {
        MemoryTable first = MemoryTable.of(List.of());
        try (MemoryPublisher publisher = new MemoryPublisher(first.next(List.of()))) {
            assertThatThrownBy(() -> publisher.publish(first)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /**
     * Two workers read and write through their pinned tables while the owner swaps the only mapping underneath and
     * unmaps the old one as soon as it may. An access after the unmapping would throw, an overlap would kill the JVM.
     */
    @Test
    @Timeout(60)
    void tablesChangeUnderWorkersAtFullLoad() throws Exception {
        Mapping first = mapped();
        try (MemoryPublisher publisher = new MemoryPublisher(MemoryTable.of(List.of(region(first))))) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            List<Thread> workers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                workers.add(Thread.ofPlatform().start(() -> work(publisher, stop, failure)));
            }
            Mapping current = first;
            int swaps = 300;
            for (int i = 0; i < swaps; i++) {
                Mapping next = mapped();
                publisher.publish(publisher.current().next(List.of(region(next))));
                Mapping old = current;
                publisher.retire(() -> {
                    old.close();
                    closed.incrementAndGet();
                });
                assertThat(publisher.quiesce(TimeUnit.SECONDS.toNanos(20))).isTrue();
                current = next;
            }
            stop.set(true);
            for (Thread worker : workers) {
                worker.join();
            }
            assertThat(failure.get()).isNull();
            assertThat(closed).hasValue(swaps);
            current.close();
        }
    }

    private static void work(MemoryPublisher publisher, AtomicBoolean stop, AtomicReference<Throwable> failure) {
        try (MemoryUser user = publisher.register()) {
            MemoryTable table = user.adopt();
            for (int i = 0; !stop.get(); i++) {
                if (user.isStale()) {
                    table = user.adopt();
                }
                var segment = table.segment(0);
                segment.set(ValueLayout.JAVA_INT, i % 1024 * 4L, segment.get(ValueLayout.JAVA_INT, 0) + 1);
            }
        } catch (RuntimeException | Error e) {
            failure.set(e);
        }
    }

    private static Mapping mapped() {
        return Linux.system().memory().mapAnonymous(4096);
    }

    private static Region region(Mapping mapping) {
        return new Region(0, 0, 4096, mapping, 0, null, 0);
    }
}
