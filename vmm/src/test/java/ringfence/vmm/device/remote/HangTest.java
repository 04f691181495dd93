package ringfence.vmm.device.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Heartbeat;
import ringfence.virtio.Feature;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.config.Upkeep;
import ringfence.vmm.device.QueueEvents;

/** A back-end that hangs: it is told within two seconds, and ended only where it is the VMM's. */
@Timeout(60)
class HangTest {
    private static final QueueConfig PLACE = GuestDriver.place(0x1000, 64, true, false);
    private static final long STATUS = 0x20000;

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private final GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 1 << 20)), RamOptions.DEFAULT);
    private final MemoryTable memory = ram.table();
    private final QueueEvents events =
            new QueueEvents(linux.events().eventFd(), linux.events().eventFd());
    private final HangWatch watch = new HangWatch();
    private final AnsweringDisk disk = new AnsweringDisk(1, 1);
    private final Heartbeat heartbeat = Heartbeat.create(linux);
    private final CountDownLatch killed = new CountDownLatch(1);
    private final List<String> told = new CopyOnWriteArrayList<>();
    private RemoteDevice device;
    private Backend backend;

    @AfterEach
    void closes() {
        disk.completes.countDown();
        device.close();
        watch.close();
        backend.close();
        events.kick().close();
        events.call().close();
        heartbeat.close();
        ram.close();
    }

    /** A device behind a daemon that listens, which is the VMM's own or is not. */
    private void starts(boolean ours, Optional<Upkeep.OnHang> onHang) throws Exception {
        String socket = listen();
        device = RemoteDevice.of(
                        linux,
                        "_disk0",
                        Profile.block(),
                        ours ? new Ours(socket) : SocketSource.path(linux, socket),
                        memory)
                .queues(1, 128)
                .watchedBy(new Told())
                .hangs(watch, new Upkeep(onHang, Optional.empty()))
                .start();
        eventually(() -> device.state().phase() == Phase.CONNECTED);
    }

    /** @return where a daemon listens now */
    private String listen() {
        String socket = directory.resolve("disk.sock").toString();
        backend = Backend.listen(linux, socket, disk, BackendOptions.defaults().withLog(line -> {}));
        return socket;
    }

    private static void eventually(BooleanSupplier condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - start).as("waited for too long").isLessThan(20_000_000_000L);
            Thread.sleep(1);
        }
    }

    private GuestDriver queueIsStarted() throws Exception {
        device.acknowledge(Feature.VERSION_1);
        device.startQueue(0, PLACE, QueueState.FRESH, events)
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        return GuestDriver.direct(PLACE, memory);
    }

    /** The guest asks for something that is not done before {@code disk.completes} is counted down. */
    private void aRequestWaits(GuestDriver guest) {
        disk.completes = new CountDownLatch(1);
        guest.begin(1);
        guest.writable(STATUS, 1);
        guest.offer(7);
        guest.publish();
        events.kick().signal();
    }

    /** Waits until the device is told to hang, which has to be within two seconds from now. */
    private void toldInTime() throws InterruptedException {
        long start = System.nanoTime();
        eventually(() -> device.state().hung());
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(2));
    }

    private void beatFor(long millis) throws InterruptedException {
        for (long i = 0; i < millis; i += 50) {
            heartbeat.beat(0, 0);
            Thread.sleep(50);
        }
    }

    @Test
    void aDaemonOfOthersThatCompletesNothingIsFailedWithWhatToDoUntilItGoesOn() throws Exception {
        starts(false, Optional.empty());
        GuestDriver guest = queueIsStarted();
        Thread.sleep(2000);
        assertThat(device.state().hangs()).as("nothing waits").isZero();
        aRequestWaits(guest);
        toldInTime();
        assertThat(device.state().phase()).isEqualTo(Phase.FAILED);
        assertThat(device.state().reason())
                .matches("process \\d+ completes nothing, and requests wait: the VMM has not started it; if it does not"
                        + " go on, end it \\(kill -KILL \\d+\\) and start it again");
        disk.completes.countDown();
        eventually(() -> device.state().phase() == Phase.CONNECTED);
        assertThat(device.state().hangs()).isEqualTo(1);
        assertThat(device.state().reconnects()).isZero();
    }

    /** Its queues run from the connection on, though nobody has started them. */
    @Test
    void aSuccessorOfADaemonOfOthersIsLookedAfterToo() throws Exception {
        starts(false, Optional.empty());
        GuestDriver guest = queueIsStarted();
        backend.close();
        eventually(() -> device.state().phase() != Phase.CONNECTED);
        listen();
        eventually(() -> device.state().phase() == Phase.CONNECTED);
        assertThat(device.state().reconnects()).isEqualTo(1);
        aRequestWaits(guest);
        toldInTime();
        disk.completes.countDown();
        eventually(() -> device.state().phase() == Phase.CONNECTED);
    }

    @Test
    void aDaemonWithoutASignOfLifeIsToldOfAndGoesOn() throws Exception {
        starts(true, Optional.empty());
        Thread.sleep(2000);
        assertThat(device.state().hangs()).as("it has not begun to beat").isZero();
        beatFor(300);
        toldInTime();
        assertThat(device.state().phase()).isEqualTo(Phase.LOST);
        assertThat(device.state().reason())
                .isEqualTo("process 4711 gives no sign of life: it is replaced if that lasts 5 s");
        beatFor(300);
        eventually(() -> device.state().phase() == Phase.CONNECTED);
        assertThat(killed.getCount()).as("not killed").isOne();
    }

    @Test
    void aDaemonThatStaysWithoutASignOfLifeIsKilledOnce() throws Exception {
        starts(true, Optional.empty());
        beatFor(300);
        long start = System.nanoTime();
        assertThat(killed.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(4500));
        assertThat(told).containsExactly("process 4711 gives no sign of life, for 5 s: it is killed and replaced");
    }

    @Test
    void oneThatIsOnlyToBeToldOfIsNotKilled() throws Exception {
        starts(true, Optional.of(Upkeep.OnHang.REPORT));
        beatFor(300);
        toldInTime();
        assertThat(device.state().phase()).isEqualTo(Phase.FAILED);
        assertThat(device.state().reason())
                .isEqualTo("process 4711 gives no sign of life: end it (kill -KILL 4711) to have it replaced, or say"
                        + " on_hang=replace");
        assertThat(killed.await(5, TimeUnit.SECONDS)).isFalse();
    }

    /** It may be the disk that is slow: so would it be with a successor, and whatever two daemons die with is failed. */
    @Test
    void aDaemonWithAStuckQueueIsToldOfAndNotKilledUnlessThatIsSaid() throws Exception {
        starts(true, Optional.empty());
        stuck(40_000);
        eventually(() -> device.state().hung());
        assertThat(device.state().phase()).isEqualTo(Phase.FAILED);
        assertThat(device.state().reason())
                .isEqualTo(
                        "process 4711 has a queue that does not get on, or its disk is slow: end it (kill -KILL 4711)"
                                + " to have it replaced, or say on_hang=replace");
        stuck(40_000);
        stuck(0);
        eventually(() -> device.state().phase() == Phase.CONNECTED);
        assertThat(killed.getCount()).isOne();
    }

    @Test
    void aDaemonWithAStuckQueueIsKilledAfterLongWhereThatIsSaid() throws Exception {
        starts(true, Optional.of(Upkeep.OnHang.REPLACE));
        stuck(20_000);
        assertThat(device.state().reason())
                .isEqualTo("process 4711 has a queue that does not get on, or its disk is slow: it is replaced if that"
                        + " lasts 30 s");
        assertThat(killed.getCount()).isOne();
        stuck(30_000);
        assertThat(killed.getCount()).isZero();
    }

    /** It beats for a second, and says that a queue has been stuck for so long. */
    private void stuck(long millis) throws InterruptedException {
        for (int i = 0; i < 20; i++) {
            heartbeat.beat(millis, 0);
            Thread.sleep(50);
        }
    }

    /** Whatever it writes there. */
    @Test
    void requestsThatADaemonHasFailedAreCounted() throws Exception {
        starts(true, Optional.empty());
        heartbeat.beat(Long.MIN_VALUE, 2);
        eventually(() -> told.contains("failed 2"));
        heartbeat.beat(0, -5);
        heartbeat.beat(0, 3);
        eventually(() -> told.contains("failed 1"));
    }

    private final class Ours implements SocketSource, BackendProcess {
        private final SocketSource listener;

        Ours(String socket) {
            listener = SocketSource.path(linux, socket);
        }

        @Override
        public Fd connect() {
            return listener.connect();
        }

        @Override
        public Optional<BackendProcess> process() {
            return Optional.of(this);
        }

        @Override
        public int pid() {
            return 4711;
        }

        @Override
        public Heartbeat heartbeat() {
            return heartbeat;
        }

        @Override
        public void kill() {
            killed.countDown();
        }
    }

    private final class Told implements RemoteListener {
        @Override
        public void changed(RemoteState state) {
            // the state is looked at
        }

        @Override
        public void unresponsive(String why) {
            told.add(why);
        }

        @Override
        public void failedRequests(long count) {
            told.add("failed " + count);
        }
    }
}
