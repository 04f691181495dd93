package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.memory.MemoryTable;
import ringfence.virtio.queue.QueueState;

/** What a daemon shows of itself. */
@Timeout(60)
class PulseTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(1);

    private final Linux linux = Linux.system();
    private final Pulse pulse = new Pulse();
    private final CountDownLatch goesOn = new CountDownLatch(1);

    private Backend serve(ToyDevice device, Fd socket) {
        return Backend.listen(linux, socket, device, BackendOptions.defaults().withPulse(pulse));
    }

    /** What is stuck a second after now, as far as can be seen. */
    private long stuckInASecond() {
        long now = System.nanoTime();
        pulse.stuck(now);
        return pulse.stuck(now + LONG);
    }

    /** A disk may take its time: the worker sleeps meanwhile. */
    @Test
    void aQueueWithoutWorkOrWithRequestsInFlightGetsOn() {
        Fd[] pair = linux.sockets().pair();
        ToyDevice device = ToyDevice.held(linux, new long[ToyDevice.WORDS]);
        try (Backend backend = serve(device, pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            Vm.until(() -> backend.stats().queues().getFirst().sleeps() > 0);
            Vm.until(() -> stuckInASecond() == 0);
            vm.offer(1, 1, 11);
            Vm.until(
                    () -> device.engines.peek() != null && device.engines.peek().submitted() == 1);
            Vm.until(() -> stuckInASecond() == 0);
            device.engines.peek().release(1);
            assertThat(vm.answer()).isEqualTo(11);
        }
        assertThat(stuckInASecond()).as("nothing is served").isZero();
    }

    @Test
    void aQueueInsideOneRequestIsStuckUntilThatEnds() {
        Fd[] pair = linux.sockets().pair();
        CountDownLatch inside = new CountDownLatch(1);
        ToyDevice device = new ToyDevice(linux, 1, false, new long[ToyDevice.WORDS]) {
            @Override
            public QueueEngine engine(int queue, MemoryTable memory) {
                QueueEngine quick = super.engine(queue, memory);
                return (QueueEngine) Proxy.newProxyInstance(
                        getClass().getClassLoader(), new Class<?>[] {QueueEngine.class}, (_, method, arguments) -> {
                            if (method.getName().equals("submit")) {
                                inside.countDown();
                                goesOn.await();
                            }
                            return method.invoke(quick, arguments);
                        });
            }
        };
        try (Backend _ = serve(device, pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            vm.offer(1, 1, 11);
            Vm.until(() -> inside.getCount() == 0);
            assertThat(stuckInASecond()).isEqualTo(LONG);
            assertThat(pulse.getsOn()).as("half a minute is not over").isTrue();
            goesOn.countDown();
            assertThat(vm.answer()).isEqualTo(11);
            Vm.until(() -> stuckInASecond() == 0);
        }
    }

    @Test
    void aHeartbeatThatIsInheritedBeats() {
        try (Heartbeat heartbeat = Heartbeat.create(linux)) {
            pulse.poisoned();
            int inherited = heartbeat.file().duplicate().release();
            pulse.beat(linux, Map.of(Heartbeat.VARIABLE, Integer.toString(inherited)));
            assertThat(heartbeat.beats()).as("at once").isPositive();
            Vm.until(() -> heartbeat.beats() > 2);
            assertThat(heartbeat.poisoned()).isEqualTo(1);
            assertThat(heartbeat.stuckMillis()).isZero();
        }
    }

    @Test
    void aVariableThatNamesSomethingElseIsRefused() {
        pulse.beat(linux, Map.of());
        try (Fd other = linux.files().open("/dev/null", OpenFlag.RDWR)) {
            for (String wrong : new String[] {
                "x", "-1", "987654", Integer.toString(other.duplicate().release())
            }) {
                assertThatThrownBy(() -> pulse.beat(linux, Map.of(Heartbeat.VARIABLE, wrong)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("$RINGFENCE_HEARTBEAT_FD=" + wrong + " is no page of a supervisor's: unset it");
            }
        }
    }
}
