package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.QueueState;

/** An engine that takes its chains itself: it holds some, is woken by its own descriptor, and gives back what is left. */
@Timeout(60)
class ReceiveEngineTest {
    private static final int HELD = 4;

    private final Linux linux = Linux.system();
    private final BackendOptions options = BackendOptions.defaults().withIdle(IdlePolicy.SLEEP);

    /** Counts how often its descriptor was signalled, and answers a chain with the running number for each. */
    private static final class Counting implements ReceiveEngine {
        private final EventFd source;
        private final ChainCursor chain = ChainCursor.forQueueSize(Vm.SIZE);
        private final Deque<Integer> heads = new ArrayDeque<>();
        private final long[] count;
        private long due;
        private boolean wanting;

        Counting(EventFd source, long[] count) {
            this.source = source;
            this.count = count;
        }

        @Override
        public int receive(ChainSupply supply) {
            due += source.drain();
            wanting = false;
            while (heads.size() < HELD) {
                if (!supply.next(chain)) {
                    wanting = true;
                    break;
                }
                int last = chain.count() - 1;
                chain.segment(last).set(ValueLayout.JAVA_LONG_UNALIGNED, chain.offset(last), count[0] + heads.size());
                heads.add(chain.head());
            }
            int done = 0;
            for (; due > 0 && !heads.isEmpty(); due--, done++) {
                supply.use(heads.remove(), ToyDevice.ANSWER);
                count[0]++;
            }
            supply.publish();
            return done;
        }

        @Override
        public void release(ChainSupply supply) {
            while (!heads.isEmpty()) {
                supply.putBack(heads.removeLast());
            }
        }

        @Override
        public int inFlight() {
            return heads.size();
        }

        @Override
        public boolean canTake() {
            return wanting;
        }

        @Override
        public boolean armWakeup() {
            return due > 0 && !heads.isEmpty();
        }

        @Override
        public Fd source() {
            return source.fd();
        }

        @Override
        public void close() {}
    }

    private ToyDevice counting(EventFd source, long[] count) {
        return new ToyDevice(linux, 1, false, new long[1]) {
            @Override
            public QueueEngine engine(int queue, MemoryTable memory) {
                return new Counting(source, count);
            }
        };
    }

    @Test
    void itsOwnDescriptorWakesTheWorkerAndWhatIsHeldIsGivenBack() {
        Fd[] pair = linux.sockets().pair();
        try (EventFd source = linux.events().eventFd();
                Backend _ = Backend.listen(linux, pair[1], counting(source, new long[1]), options);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            long expected = 0;
            for (int round = 0; round < 50; round++) {
                for (int i = 0; i < 6; i++) {
                    vm.offer(0, 0, 0);
                }
                for (int i = 0; i < 6; i++) {
                    source.signal();
                    assertThat(vm.answer()).isEqualTo(expected++);
                }
                if (round % 10 == 0) {
                    vm.offer(0, 0, 0);
                    vm.offer(0, 0, 0);
                    int stands = vm.driver.usedIndex();
                    assertThat(vm.frontend.stopQueue(0)).isEqualTo(new QueueState(stands, stands));
                    vm.start(new QueueState(stands, stands));
                    source.signal();
                    source.signal();
                    assertThat(vm.answer()).isEqualTo(expected++);
                    assertThat(vm.answer()).isEqualTo(expected++);
                }
            }
        }
    }

    /** A signal that comes while there are no chains is not forgotten, and keeps nobody awake. */
    @Test
    void withoutChainsItWaitsForTheDriver() {
        Fd[] pair = linux.sockets().pair();
        try (EventFd source = linux.events().eventFd();
                Backend backend = Backend.listen(linux, pair[1], counting(source, new long[1]), options);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            Vm.until(
                    () -> backend.stats().queues().getFirst().sleeps() >= 1); // else its first look may find the signal
            source.signal();
            Vm.until(() -> backend.stats().queues().getFirst().sleeps() >= 2);
            vm.offer(0, 0, 0);
            assertThat(vm.answer()).isZero();
        }
    }

    /** What a killed back-end held goes back to the ring: its successor answers all of it, once. */
    @Test
    void aSuccessorTakesAnewWhatWasHeld() {
        long[] count = new long[1];
        Fd[] pair = linux.sockets().pair();
        try (EventFd source = linux.events().eventFd();
                Vm vm = new Vm(linux)) {
            Backend dying = Backend.listen(linux, pair[1], counting(source, count), options);
            vm.connect(pair[0], Vm.ALL);
            InflightShare share = vm.frontend.newInflight(1, Vm.SIZE);
            vm.frontend.inflight(share);
            vm.start(QueueState.FRESH);
            for (int i = 0; i < 10; i++) {
                vm.offer(0, 0, 0);
            }
            for (int i = 0; i < 3; i++) {
                source.signal();
                assertThat(vm.answer()).isEqualTo(i);
            }
            Vm.until(() -> dying.stats().queues().getFirst().chains() == 3);
            Snapshot dead = Snapshot.of(linux, share);
            vm.frontend.close();
            dying.close();
            dead.restore();

            Fd[] next = linux.sockets().pair();
            try (Backend backend = Backend.listen(linux, next[1], counting(source, count), options)) {
                vm.connect(next[0], Vm.ALL);
                vm.frontend.inflight(share);
                vm.start(new QueueState(3, 3));
                for (int i = 3; i < 10; i++) {
                    source.signal();
                    assertThat(vm.answer()).isEqualTo(i);
                }
                assertThat(vm.frontend.stopQueue(0)).isEqualTo(new QueueState(10, 10));
                assertThat(backend.stats().drops()).isZero();
            }
            share.close();
        }
    }
}
