package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.QueueState;

/** Queues of several devices on one thread. */
@Timeout(60)
class WorkersTest {
    private static final String NAME = "together";

    private final Linux linux = Linux.system();
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final Workers workers = Workers.together(NAME);

    private Backend serve(Fd socket, ToyDevice device, long spin) {
        BackendOptions options = BackendOptions.defaults()
                .withLog(log::add)
                .withIdle(new IdlePolicy(spin, 8))
                .withWorkers(workers);
        return Backend.listen(linux, socket, device, options);
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(NAME))
                .count();
    }

    private static void ask(Vm vm, long value) {
        vm.offer(1, 7, value);
        assertThat(vm.answer()).isEqualTo(value);
    }

    /** They come and go while others work; whoever is alone again is served as before. */
    @ParameterizedTest
    @ValueSource(longs = {0, 50_000})
    void devicesComeAndGo(long spin) throws Exception {
        Fd[] first = linux.sockets().pair();
        try (Backend one = serve(first[1], ToyDevice.prompt(linux, 1), spin);
                Vm vm = new Vm(linux).connect(first[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            long value = 0;
            for (int round = 0; round < 20; round++) {
                Fd[] second = linux.sockets().pair();
                try (Backend other = serve(second[1], ToyDevice.prompt(linux, 1), spin);
                        Vm guest = new Vm(linux).connect(second[0], Vm.ALL)) {
                    guest.start(QueueState.FRESH);
                    assertThat(threads()).isEqualTo(1);
                    for (int i = 0; i < 100; i++) {
                        ask(vm, value++);
                        ask(guest, -i);
                    }
                    Thread.sleep(round % 4); // asleep, or about to be
                    assertThat(guest.frontend.stopQueue(0)).isEqualTo(new QueueState(100, 100));
                    ask(vm, value++);
                    assertThat(other.stats().queues().getFirst().chains()).isEqualTo(100);
                }
                ask(vm, value++);
            }
            assertThat(one.stats().queues().getFirst().chains()).isEqualTo(value);
        }
        Vm.until(() -> threads() == 0);
        assertThat(log).isEmpty();
    }

    @Test
    void theThreadEndsWithTheLastAndAnotherBegins() {
        Fd[] pair = linux.sockets().pair();
        try (Backend _ = serve(pair[1], ToyDevice.prompt(linux, 1), 0);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            for (int i = 0; i < 50; i++) {
                vm.start(new QueueState(i, i));
                ask(vm, i);
                assertThat(vm.frontend.stopQueue(0)).isEqualTo(new QueueState(i + 1, i + 1));
            }
        }
    }

    @Test
    void kicksAndSleepsAreCountedWhereTheyBelong() {
        Fd[] first = linux.sockets().pair();
        Fd[] second = linux.sockets().pair();
        try (Backend quiet = serve(first[1], ToyDevice.prompt(linux, 1), 0);
                Backend busy = serve(second[1], ToyDevice.prompt(linux, 1), 0);
                Vm one = new Vm(linux).connect(first[0], Vm.ALL);
                Vm two = new Vm(linux).connect(second[0], Vm.ALL)) {
            one.start(QueueState.FRESH);
            two.start(QueueState.FRESH);
            QueueStats stats = busy.stats().queues().getFirst();
            for (int i = 0; i < 20; i++) {
                long before = stats.sleeps();
                Vm.until(() -> stats.sleeps() > before || stats.sleeps() > 0 && stats.kicks() < stats.sleeps());
                ask(two, i);
            }
            assertThat(stats.kicks()).isPositive();
            assertThat(quiet.stats().queues().getFirst().kicks()).isZero();
        }
    }

    @Test
    void aCallEventfdIsChangedUnderARunningQueue() {
        Fd[] first = linux.sockets().pair();
        Fd[] second = linux.sockets().pair();
        try (Backend _ = serve(first[1], ToyDevice.prompt(linux, 1), 0);
                Backend _ = serve(second[1], ToyDevice.prompt(linux, 1), 0);
                Vm one = new Vm(linux).connect(first[0], Vm.ALL);
                Vm two = new Vm(linux).connect(second[0], Vm.ALL);
                EventFd call = linux.events().eventFd()) {
            one.start(QueueState.FRESH);
            two.start(QueueState.FRESH);
            one.frontend.call(0, call);
            Vm.until(() -> call.drain() == 1);
            one.driver.armInterrupt();
            ask(one, 1);
            Vm.until(() -> call.drain() == 1);
            ask(two, 2);
        }
    }

    /** Requests that stay in flight keep neither the others from working nor the thread awake. */
    @Test
    void oneMayWaitWhileOthersWork() {
        Fd[] first = linux.sockets().pair();
        Fd[] second = linux.sockets().pair();
        ToyDevice slow = ToyDevice.held(linux, new long[ToyDevice.WORDS]);
        try (Backend _ = serve(first[1], slow, 0);
                Backend _ = serve(second[1], ToyDevice.prompt(linux, 1), 0);
                Vm one = new Vm(linux).connect(first[0], Vm.ALL);
                Vm two = new Vm(linux).connect(second[0], Vm.ALL)) {
            one.start(QueueState.FRESH);
            two.start(QueueState.FRESH);
            for (int i = 0; i < 20; i++) {
                one.offer(1, 3, i);
                for (int j = 0; j < 20; j++) {
                    ask(two, j);
                }
                Vm.until(() -> slow.engines.element().submitted() == 1);
                slow.engines.element().release(1);
                assertThat(one.answer()).isEqualTo(i);
            }
        }
    }

    /** What one engine does wrong ends its own connection; it is told on its thread that this was all. */
    @ParameterizedTest
    @ValueSource(classes = {IllegalStateException.class, StackOverflowError.class})
    void aFailureIsNobodyElses(Class<? extends Throwable> kind) {
        List<String> told = new CopyOnWriteArrayList<>();
        ToyDevice failing = new ToyDevice(linux, 1, false, new long[ToyDevice.WORDS]) {
            @Override
            public QueueEngine engine(int queue, MemoryTable memory) {
                return new QueueEngine() {
                    @Override
                    public void submit(ChainCursor chain, Completions done) {
                        if (kind == StackOverflowError.class) {
                            throw new StackOverflowError("on purpose");
                        }
                        throw new IllegalStateException("on purpose");
                    }

                    @Override
                    public void retired() {
                        told.add("retired on " + Thread.currentThread().getName());
                    }

                    @Override
                    public void close() {
                        told.add("closed");
                    }
                };
            }
        };
        Fd[] first = linux.sockets().pair();
        Fd[] second = linux.sockets().pair();
        try (Backend bad = serve(first[1], failing, 0);
                Backend _ = serve(second[1], ToyDevice.prompt(linux, 1), 0);
                Vm one = new Vm(linux).connect(first[0], Vm.ALL);
                Vm two = new Vm(linux).connect(second[0], Vm.ALL)) {
            one.start(QueueState.FRESH);
            two.start(QueueState.FRESH);
            ask(two, 1);
            one.offer(1, 1, 1);
            Vm.until(() -> told.size() == 2);
            assertThat(new ArrayList<>(told)).containsExactly("retired on " + NAME, "closed");
            ask(two, 2);
            assertThat(log).singleElement().asString().contains("on purpose");
            assertThat(bad.stats().queues().getFirst().chains()).isZero();
        }
    }
}
