package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.virtio.queue.QueueState;

/** Back-ends that die one after the other, with what each leaves to the next in the front-end's region. */
@Timeout(60)
class SuccessorTest {
    private final Linux linux = Linux.system();
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final BackendOptions options = BackendOptions.defaults().withLog(log::add);

    private Backend serve(BackendDevice device, Fd socket) {
        return Backend.listen(linux, socket, device, options);
    }

    /** A back-end dies with requests in flight; its successor does them again, in their order, before anything new. */
    @Test
    void aSuccessorReplaysWhatWasInFlight() throws Exception {
        long[] disk = new long[ToyDevice.WORDS];
        Fd[] pair = linux.sockets().pair();
        try (Vm vm = new Vm(linux)) {
            InflightShare share;
            ToyDevice first = ToyDevice.held(linux, disk);
            Backend dying = serve(first, pair[1]);
            vm.connect(pair[0], Vm.ALL);
            share = vm.frontend.newInflight(1, Vm.SIZE);
            vm.frontend.inflight(share);
            vm.start(QueueState.FRESH);
            for (int i = 0; i < 10; i++) {
                vm.offer(1, 100 + i, i);
            }
            Vm.until(() -> first.engines.peek() != null && first.engines.peek().submitted() == 10);
            first.engines.peek().release(3); // the newest three end: 109, 108, 107
            for (int i = 0; i < 3; i++) {
                vm.answer();
            }
            first.persistent.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, 77);
            Snapshot dead = Snapshot.of(linux, share); // what SIGKILL at this moment leaves behind
            first.engines.peek().release(100);
            vm.frontend.close();
            dying.close();
            dead.restore();
            rewind(vm, 3);

            int[] fence = {0};
            Fd[] next = linux.sockets().pair();
            ToyDevice second = ToyDevice.held(linux, disk);
            try (Backend backend = Backend.listen(linux, next[1], second, options.withFence(() -> fence[0]++))) {
                vm.connect(next[0], Vm.ALL);
                vm.frontend.inflight(share);
                assertThat(fence[0]).isEqualTo(1);
                vm.call.drain();
                vm.start(new QueueState(3, 3)); // a front-end that knows no better: what is recorded counts
                vm.offer(1, 110, 10);
                Vm.until(() -> second.order.size() == 8);
                assertThat(second.order).containsExactly(100L, 101L, 102L, 103L, 104L, 105L, 106L, 110L);
                assertThat(second.persistent.get(ValueLayout.JAVA_LONG_UNALIGNED, 0))
                        .isEqualTo(77);
                Vm.until(() -> vm.call.drain() > 0); // the interrupt that the first may not have sent
                second.engines.peek().release(100);
                for (int i = 0; i < 8; i++) {
                    vm.answer();
                }
                assertThat(vm.frontend.stopQueue(0)).isEqualTo(new QueueState(11, 11));
                assertThat(backend.stats().queues().getFirst().replayed()).isEqualTo(7);
            }
            share.close();
        }
    }

    /** Of two requests that the first left in flight, the second has done one when it dies, too. */
    @Test
    void whatTwoBackendsHaveDiedWithIsFailedAndNothingElse() throws Exception {
        long[] disk = new long[ToyDevice.WORDS];
        try (Vm vm = new Vm(linux)) {
            Fd[] pair = linux.sockets().pair();
            ToyDevice device = ToyDevice.held(linux, disk);
            Backend dying = serve(device, pair[1]);
            vm.connect(pair[0], Vm.ALL);
            InflightShare share = vm.frontend.newInflight(1, Vm.SIZE);
            vm.frontend.inflight(share);
            vm.start(QueueState.FRESH);
            vm.offer(1, 100, 1);
            vm.offer(1, 101, 2);
            die(vm, dying, device, share, 0);

            pair = linux.sockets().pair();
            device = ToyDevice.held(linux, disk);
            dying = serve(device, pair[1]);
            goOn(vm, pair[0], share);
            ToyDevice.HeldEngine replaying = engine(device, 2);
            replaying.release(1);
            assertThat(vm.answer()).isEqualTo(2);
            vm.offer(1, 102, 3); // begun once when this one dies
            die(vm, dying, device, share, 1);

            pair = linux.sockets().pair();
            device = ToyDevice.held(linux, disk);
            try (Backend backend = serve(device, pair[1])) {
                goOn(vm, pair[0], share);
                Vm.until(vm.driver::hasUsed);
                assertThat(vm.driver.reap()).as("bytes written").isZero();
                engine(device, 1).release(1);
                assertThat(vm.answer()).isEqualTo(3);
                assertThat(device.order).containsExactly(102L);
                assertThat(backend.stats().queues().getFirst().poisoned()).isEqualTo(1);
                assertThat(toldOfPoison()).isTrue();
                assertThat(log.getLast())
                        .startsWith("queue 0: the request at head")
                        .endsWith("it is failed");
            }
            share.close();
        }
    }

    /** Whether a supervisor is told of one such request. */
    private boolean toldOfPoison() {
        try (Heartbeat page = Heartbeat.create(linux)) {
            int inherited = page.file().duplicate().release();
            options.pulse().beat(linux, Map.of(Heartbeat.VARIABLE, Integer.toString(inherited)));
            Vm.until(() -> page.beats() > 0);
            return page.poisoned() == 1;
        }
    }

    /** As by SIGKILL, when all that was offered is in flight. */
    private void die(Vm vm, Backend backend, ToyDevice device, InflightShare share, int usedIndex) throws Exception {
        ToyDevice.HeldEngine engine = engine(device, 2);
        Snapshot dead = Snapshot.of(linux, share);
        engine.release(100);
        vm.frontend.close();
        backend.close();
        dead.restore();
        rewind(vm, usedIndex);
    }

    /** The first one, when it has so many requests in flight. */
    private static ToyDevice.HeldEngine engine(ToyDevice device, int requests) {
        Vm.until(() -> device.engines.peek() != null && device.engines.peek().submitted() == requests);
        return device.engines.peek();
    }

    private static void goOn(Vm vm, Fd socket, InflightShare share) {
        vm.connect(socket, Vm.ALL);
        vm.frontend.inflight(share);
        vm.start(QueueState.FRESH);
    }

    /** Sets used.idx back to where it stood when the first back-end "died". */
    private static void rewind(Vm vm, int usedIndex) {
        vm.ram.table().write(vm.config.usedRing() + 2, new byte[] {(byte) usedIndex, 0});
    }
}
