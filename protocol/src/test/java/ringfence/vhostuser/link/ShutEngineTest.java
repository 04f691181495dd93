package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.QueueState;

/** An engine that takes nothing for a while, as one behind a limiter, and opens whenever it likes: also between two questions. */
@Timeout(60)
class ShutEngineTest {
    private static final int REQUESTS = 20;

    private final Linux linux = Linux.system();

    /** Shut after each request, until it has been asked so many times, or until its wake-up was armed. */
    private final class ShutEngine implements QueueEngine {
        private final EventFd wakeup = linux.events().eventFd();
        private final int patience;
        private int asked;
        private boolean shut;

        ShutEngine(int patience) {
            this.patience = patience;
        }

        @Override
        public void submit(ChainCursor chain, Completions done) {
            assertThat(shut).isFalse();
            done.complete(chain.head(), ToyDevice.ANSWER);
            shut = true;
            asked = 0;
        }

        @Override
        public boolean canTake() {
            shut &= ++asked < patience;
            return !shut;
        }

        @Override
        public Fd wakeup() {
            return wakeup.fd();
        }

        @Override
        public boolean armWakeup() {
            if (shut) {
                shut = false;
                wakeup.signal();
            }
            return false;
        }

        @Override
        public void disarmWakeup() {
            wakeup.drain();
        }

        @Override
        public void close() {
            wakeup.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 1000})
    void noRequestWaitsForTheNext(int patience) {
        Fd[] pair = linux.sockets().pair();
        ToyDevice device = new ToyDevice(linux, 1, false, new long[1]) {
            @Override
            public QueueEngine engine(int queue, MemoryTable memory) {
                return new ShutEngine(patience);
            }
        };
        BackendOptions options = BackendOptions.defaults().withIdle(IdlePolicy.SLEEP);
        try (Backend backend = Backend.listen(linux, pair[1], device, options);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            for (int i = 0; i < REQUESTS; i++) {
                vm.offer(0, 0, 0);
                vm.offer(0, 0, 0);
                vm.answer();
                vm.answer();
            }
            assertThat(backend.stats().drops()).isZero();
        }
    }
}
