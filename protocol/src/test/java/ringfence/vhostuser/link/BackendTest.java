package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.OpenFlag;
import ringfence.linux.Seal;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.virtio.Feature;
import ringfence.virtio.queue.DirtyLog;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueState;

/** A back-end and a front-end of ours, with a driver between them that a guest would have. */
@Timeout(60)
class BackendTest {
    private final Linux linux = Linux.system();
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final BackendOptions options = BackendOptions.defaults().withLog(log::add);

    private Backend serve(BackendDevice device, Fd socket) {
        return Backend.listen(linux, socket, device, options);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 50_000, Long.MAX_VALUE})
    void requestsAreAnsweredHoweverTheWorkerWaits(long spin) throws Exception {
        Fd[] pair = linux.sockets().pair();
        ToyDevice device = ToyDevice.prompt(linux, 1);
        BackendOptions waiting = options.withIdle(new IdlePolicy(spin, 8));
        try (Backend backend = Backend.listen(linux, pair[1], device, waiting);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            int requests = spin == Long.MAX_VALUE ? 200 : 2000; // it takes a core of its own, and there may be none
            for (int i = 0; i < requests; i++) {
                vm.offer(1, i % ToyDevice.WORDS, i * 3L);
                assertThat(vm.answer()).isEqualTo(i * 3L);
                if (i % 500 == 0) {
                    Thread.sleep(2); // long enough to fall asleep
                }
            }
            assertThat(backend.stats().queues().getFirst().chains()).isEqualTo(requests);
            assertThat(vm.frontend.stopQueue(0)).isEqualTo(new QueueState(requests, requests));
            assertThat(device.timed).as("one at a time, and there was one").hasValue(requests);
        }
        assertThat(log).isEmpty();
        assertThat(device.open).hasValue(0);
        assertThat(device.events).containsSubsequence("attach", "detach", "disconnected");
    }

    /** A clock costs as much as a small request: of those that are taken together, only one is timed. */
    @Test
    void theFirstOfABatchIsTimed() throws Exception {
        Fd[] pair = linux.sockets().pair();
        ToyDevice device = ToyDevice.prompt(linux, 1);
        int together = 8;
        BackendOptions batches = options.withIdle(new IdlePolicy(0, together));
        try (Backend backend = Backend.listen(linux, pair[1], device, batches);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            for (int i = 0; i < 2 * together; i++) {
                vm.offer(1, i, i);
            }
            vm.start(QueueState.FRESH);
            for (int i = 0; i < 2 * together; i++) {
                assertThat(vm.answer()).isEqualTo(i);
            }
            assertThat(vm.frontend.stopQueue(0)).isEqualTo(new QueueState(2 * together, 2 * together));
            assertThat(backend.stats().queues().getFirst().batches()).isEqualTo(2);
            assertThat(device.timed).hasValue(2);
        }
    }

    @Test
    void anInterruptComesWhenTheDriverAsksForOne() throws Exception {
        Fd[] pair = linux.sockets().pair();
        try (Backend backend = serve(ToyDevice.prompt(linux, 1), pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            vm.driver.armInterrupt();
            vm.offer(0, 0, 0);
            vm.answer();
            Vm.until(() -> vm.call.drain() == 1);
            assertThat(backend.stats().queues().getFirst().interrupts()).isEqualTo(1);
        }
    }

    /** The front-end leaves, so the back-end ends by itself, while others still tell it things and close it. */
    @Test
    void itMayEndByItselfWhileItIsClosed() {
        for (int i = 0; i < 300; i++) {
            Fd[] pair = linux.sockets().pair();
            Backend backend = serve(ToyDevice.prompt(linux, 1), pair[1]);
            pair[0].close();
            for (int j = 0; j < i; j++) {
                backend.configChanged();
            }
            backend.close();
            backend.configChanged();
        }
    }

    @Test
    void aRingWithoutKickIsPolled() throws Exception {
        Fd[] pair = linux.sockets().pair();
        try (Backend backend = serve(ToyDevice.prompt(linux, 1), pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.frontend.startQueue(0, vm.config, QueueState.FRESH, null, null, null);
            for (int i = 0; i < 20; i++) {
                vm.offer(1, 1, i);
                assertThat(vm.answer()).isEqualTo(i);
                Thread.sleep(i);
            }
            assertThat(backend.stats().queues().getFirst().sleeps()).isPositive();
        }
    }

    /** As SeaBIOS does: one queue of several, used, reset; then another system comes. */
    @Test
    void someQueuesMayNeverStart() throws Exception {
        Fd[] pair = linux.sockets().pair();
        ToyDevice device = ToyDevice.prompt(linux, 4);
        try (Backend backend = serve(device, pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            assertThat(vm.offer.queues()).isEqualTo(4);
            vm.start(QueueState.FRESH);
            vm.offer(1, 1, 11);
            assertThat(vm.answer()).isEqualTo(11);
            assertThat(device.open).hasValue(1);
            assertThat(vm.frontend.reset()).isTrue();
            assertThat(device.open).hasValue(0);
            assertThat(device.events).contains("reset");

            GuestDriver again = GuestDriver.direct(vm.config, vm.ram.table());
            vm.frontend.features(Vm.FEATURES);
            vm.start(QueueState.FRESH);
            again.begin(2);
            again.readable(0x20_0000, ToyDevice.REQUEST);
            again.writable(0x20_0100, ToyDevice.ANSWER);
            again.offer(0);
            again.publish();
            vm.kick.signal();
            Vm.until(again::hasUsed);
            assertThat(backend.stats().drops()).isZero();
        }
    }

    @Test
    void stoppingAQueueDrainsIt() throws Exception {
        Fd[] pair = linux.sockets().pair();
        ToyDevice device = ToyDevice.held(linux, new long[ToyDevice.WORDS]);
        try (Backend _ = serve(device, pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            for (int i = 0; i < 8; i++) {
                vm.offer(1, i, i);
            }
            Vm.until(
                    () -> device.engines.peek() != null && device.engines.peek().submitted() == 8);
            Thread release = Thread.ofPlatform().start(() -> {
                sleep(100);
                assertThat(vm.driver.hasUsed()).isFalse();
                device.engines.peek().release(8);
            });
            assertThat(vm.frontend.stopQueue(0)).isEqualTo(new QueueState(8, 8));
            release.join();
            for (int i = 0; i < 8; i++) {
                vm.answer();
            }
            assertThat(device.words).startsWith(0, 1, 2, 3, 4, 5, 6, 7);
        }
    }

    @Test
    void memoryComesAndGoesWhileAQueueRuns() throws Exception {
        Fd[] pair = linux.sockets().pair();
        ToyDevice device = ToyDevice.prompt(linux, 1);
        try (Backend backend = serve(device, pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            for (int i = 0; i < 50; i++) {
                vm.offer(1, i, i);
                Region more = vm.ram.add(0x1_0000_0000L, 1 << 20);
                vm.frontend.memory(vm.ram.table());
                assertThat(vm.answer()).isEqualTo(i);
                vm.offer(0, i, 0);
                vm.ram.remove(more);
                vm.frontend.memory(vm.ram.table());
                assertThat(vm.answer()).isEqualTo(i);
            }
            assertThat(backend.stats().drops()).isZero();
        }
        assertThat(device.open).hasValue(0);
    }

    @Test
    void aRegionThatHoldsARunningRingMayNotGo() throws Exception {
        Fd[] pair = linux.sockets().pair();
        try (Backend backend = serve(ToyDevice.prompt(linux, 1), pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            Region ring = vm.ram.table().regions().getFirst();
            vm.ram.add(0x1_0000_0000L, 1 << 20);
            vm.ram.remove(ring);
            assertThatThrownBy(() -> vm.frontend.memory(vm.ram.table())).isInstanceOf(PeerException.class);
            backend.await();
            assertThat(backend.stats().lastDrop()).contains("not inside one memory region");
        }
    }

    @Test
    void theCallMayChangeWhileTheQueueRuns() throws Exception {
        Fd[] pair = linux.sockets().pair();
        try (Backend backend = serve(ToyDevice.prompt(linux, 1), pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL);
                EventFd other = linux.events().eventFd()) {
            vm.start(QueueState.FRESH);
            for (int i = 0; i < 30; i++) {
                EventFd now = i % 2 == 0 ? other : vm.call;
                vm.frontend.call(0, now);
                Vm.until(() -> now.drain() > 0); // signalled once at the change
                vm.driver.armInterrupt();
                vm.offer(0, 0, 0);
                vm.answer();
                Vm.until(() -> now.drain() > 0);
            }
            assertThat(backend.stats().drops()).isZero();
        }
    }

    @Test
    void configurationIsReadWrittenAndItsChangeTold() throws Exception {
        Fd[] pair = linux.sockets().pair();
        ToyDevice device = ToyDevice.prompt(linux, 1);
        try (Backend backend = serve(device, pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            assertThat(vm.frontend.config(2, 4)).containsExactly(3, 4, 5, 6);
            assertThat(vm.frontend.config(6, 4)).containsExactly(7, 8, 0, 0);
            vm.frontend.config(5, new byte[] {99});
            assertThat(vm.frontend.config(5, 1)).containsExactly(99);
            assertThatThrownBy(() -> vm.frontend.config(1, new byte[] {99}))
                    .isInstanceOfSatisfying(
                            PeerException.class,
                            e -> assertThat(e.disposition()).isEqualTo(PeerException.Disposition.RETRY));
            assertThatThrownBy(() -> vm.frontend.config(8, new byte[] {1})).isInstanceOf(PeerException.class);
            int[] changes = {0};
            backend.configChanged();
            Vm.until(() -> {
                vm.frontend.channel().poll(() -> changes[0]++);
                return changes[0] == 1;
            });
            assertThat(vm.frontend.status()).isZero();
            vm.frontend.status(7);
            assertThat(vm.frontend.status()).isEqualTo(7);
        }
    }

    /** What the driver may not write, and only while no queue runs; the change is told. */
    @Test
    void theFrontEndSetsTheConfigurationWhileNoQueueRuns() throws Exception {
        Fd[] pair = linux.sockets().pair();
        try (Backend _ = serve(ToyDevice.prompt(linux, 1), pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.frontend.setConfig(1, new byte[] {99});
            assertThat(vm.frontend.config(0, 3)).containsExactly(1, 99, 3);
            int[] changes = {0};
            Vm.until(() -> {
                vm.frontend.channel().poll(() -> changes[0]++);
                return changes[0] == 1;
            });
            vm.start(QueueState.FRESH);
            assertThatThrownBy(() -> vm.frontend.setConfig(1, new byte[] {98}))
                    .isInstanceOfSatisfying(
                            PeerException.class,
                            e -> assertThat(e.disposition()).isEqualTo(PeerException.Disposition.RETRY));
            vm.frontend.stopQueue(0);
            assertThatThrownBy(() -> vm.frontend.setConfig(8, new byte[] {1})).isInstanceOf(PeerException.class);
            assertThat(vm.frontend.config(1, 1)).containsExactly(99);
        }
    }

    @Test
    void innerStateIsSavedAndLoaded() throws Exception {
        Fd[] pair = linux.sockets().pair();
        ToyDevice device = ToyDevice.prompt(linux, 1);
        device.state = new byte[300_000]; // more than a pipe or a socket holds
        device.state[0] = 42;
        try (Backend _ = serve(device, pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            assertThat(vm.frontend.saveState(1 << 20)).isEqualTo(device.state);
            byte[] other = {42, 1, 2};
            vm.frontend.loadState(other);
            assertThat(device.state).isEqualTo(other);
            assertThatThrownBy(() -> vm.frontend.loadState(new byte[] {1})).hasMessageContaining("no good");
            byte[] most = new byte[device.mostState()];
            most[0] = 42;
            vm.frontend.loadState(most);
            assertThat(device.state).isEqualTo(most);
            byte[] more = Arrays.copyOf(other, device.mostState() + 1);
            assertThatThrownBy(() -> vm.frontend.loadState(more)).hasMessageContaining("no good");
            assertThat(device.state).as("what was too long is not taken").isEqualTo(most);
            device.state = new byte[device.mostState() + 1]; // a device that errs about itself
            assertThatThrownBy(() -> vm.frontend.saveState(2 << 20)).hasMessageContaining("refuses");
            device.state = most;
            vm.start(QueueState.FRESH);
            assertThatThrownBy(() -> vm.frontend.saveState(100)).hasMessageContaining("refuses");
        }
    }

    @Test
    void whatIsWrittenIsMarkedWhileLoggingIsOn() throws Exception {
        Fd[] pair = linux.sockets().pair();
        try (Backend backend = serve(ToyDevice.prompt(linux, 1), pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            long bytes = DirtyLog.bytesFor(vm.ram.table().guestEnd());
            try (Fd file = sealed("log", bytes);
                    Mapping bits = linux.memory().map(file, 0, bytes)) {
                vm.start(QueueState.FRESH);
                vm.offer(0, 0, 0);
                vm.answer();
                vm.frontend.log(file, bytes, 0);
                assertThat(dirty(bits)).isEmpty();
                vm.frontend.features(Vm.FEATURES | Feature.VHOST_LOG_ALL);
                vm.offer(0, 0, 0);
                vm.answer();
                assertThat(dirty(bits)).contains(0x100L, vm.config.usedRing() >> 12);
            }
            assertThat(backend.stats().drops()).isZero();
        }
    }

    private static List<Long> dirty(Mapping bits) {
        return IntStream.range(0, (int) bits.size() * 8)
                .filter(page -> (bits.segment().get(ValueLayout.JAVA_BYTE, page / 8) >> page % 8 & 1) != 0)
                .mapToObj(page -> (long) page)
                .toList();
    }

    private Fd sealed(String name, long bytes) {
        Fd fd = linux.memory().memfd(name, bytes);
        linux.memory().seal(fd, Seal.SHRINK);
        return fd;
    }

    @Test
    void frontEndsComeAndGoOneAtATime(@TempDir Path directory) throws Exception {
        String path = directory.resolve("s").toString();
        try (Backend backend = Backend.listen(linux, path, ToyDevice.prompt(linux, 1), options)) {
            assertThat(Files.getPosixFilePermissions(Path.of(path)))
                    .noneMatch(permission -> permission.name().startsWith("OTHERS")
                            || permission.name().startsWith("GROUP"));
            for (int i = 0; i < 20; i++) {
                try (Vm vm = new Vm(linux).connect(linux.sockets().connect(path), Vm.ALL)) {
                    vm.start(QueueState.FRESH);
                    vm.offer(1, 1, i);
                    assertThat(vm.answer()).isEqualTo(i);
                    try (Frontend second = Frontend.connect(linux, path, FrontendOptions.defaults())) {
                        assertThatThrownBy(() -> second.hello(0)).isInstanceOf(PeerException.class);
                    }
                }
            }
            assertThat(backend.stats().connections()).isEqualTo(20);
            assertThat(log).allMatch(line -> line.contains("turned away"));
        }
        assertThat(Path.of(path)).doesNotExist();
        assertThatThrownBy(() -> Frontend.connect(linux, path, FrontendOptions.defaults()))
                .isInstanceOfSatisfying(
                        PeerException.class,
                        e -> assertThat(e.disposition()).isEqualTo(PeerException.Disposition.RETRY));
    }

    @Test
    void memoryThatMayShrinkIsRefusedWithALineThatNamesTheOption() throws Exception {
        for (boolean allow : new boolean[] {false, true}) {
            Fd[] pair = linux.sockets().pair();
            try (Backend backend = Backend.listen(
                            linux, pair[1], ToyDevice.prompt(linux, 1), options.withAllowUnsealed(allow));
                    Frontend frontend = Frontend.over(linux, pair[0], FrontendOptions.defaults());
                    Fd file = linux.files().open("/dev/shm", 0600, OpenFlag.RDWR, OpenFlag.TMPFILE)) {
                linux.files().truncate(file, 1 << 20);
                try (Mapping mapping = linux.memory().map(file, 0, 1 << 20)) {
                    frontend.hello(Vm.ALL);
                    frontend.features(Vm.FEATURES);
                    MemoryTable table =
                            MemoryTable.of(List.of(new Region(0, TestRam.USER, 1 << 20, mapping, 0, file, 0)));
                    if (allow) {
                        frontend.memory(table);
                        assertThat(backend.stats().drops()).isZero();
                    } else {
                        assertThatThrownBy(() -> frontend.memory(table)).isInstanceOf(PeerException.class);
                        backend.await();
                        assertThat(backend.stats().lastDrop()).contains("--allow-unsealed");
                    }
                }
            }
        }
    }

    @Test
    void aBrokenRingIsToldAndTheConnectionStays() throws Exception {
        Fd[] pair = linux.sockets().pair();
        try (Backend backend = serve(ToyDevice.prompt(linux, 1), pair[1]);
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            assertThat(vm.driver.begin(1)).isTrue();
            vm.driver.readable(0x7fff_0000_0000L, 16); // no memory there
            vm.driver.offer(0);
            vm.driver.publish();
            vm.kick.signal();
            Vm.until(() -> vm.err.drain() == 1);
            assertThat(log).anyMatch(line -> line.contains("queue 0 is broken by its driver"));
            vm.frontend.stopQueue(0);
            assertThat(backend.stats().drops()).isZero();
        }
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As QEMU does it for a network card: what it has enabled so early stays enabled. */
    @Test
    void ringsMayBeEnabledBeforeTheFeaturesAreAccepted() {
        Fd[] pair = linux.sockets().pair();
        try (Backend backend = serve(ToyDevice.prompt(linux, 1), pair[1]);
                Vm vm = new Vm(linux)) {
            vm.frontend = Frontend.over(linux, pair[0], FrontendOptions.defaults());
            vm.frontend.hello(Vm.ALL);
            vm.frontend.enable(0, true);
            vm.frontend.features(Vm.FEATURES);
            vm.frontend.memory(vm.ram.table());
            vm.start(QueueState.FRESH);
            vm.offer(1, 7, 8);
            assertThat(vm.answer()).isEqualTo(8);
            assertThat(backend.stats().drops()).isZero();
        }
    }
}
