package ringfence.vmm.device.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.Feature;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;

/** A guest's disk, while its back-end is late, goes, comes again, or is not what it was. */
@Timeout(60)
class RemoteDeviceTest {
    private static final long TAKEN = Feature.VERSION_1 | Feature.EVENT_IDX | BlkLayout.F_FLUSH;
    private static final QueueConfig PLACE = GuestDriver.place(0x1000, 64, true, false);
    private static final long STATUS = 0x20000;

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private final GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 1 << 20)), RamOptions.DEFAULT);
    private final MemoryTable memory = ram.table();
    private final QueueEvents events =
            new QueueEvents(linux.events().eventFd(), linux.events().eventFd());
    private final List<String> told = new CopyOnWriteArrayList<>();
    private GuestDriver guest;
    private RemoteDevice device;
    private BackendOptions options = BackendOptions.defaults().withLog(line -> {});
    private Backend backend;
    private AnsweringDisk disk;

    @BeforeEach
    void starts() {
        device = RemoteDevice.of(linux, "_disk0", Profile.block(), SocketSource.path(linux, socket()), memory)
                .queues(2, 128)
                .start();
        device.listen(new DeviceListener() {
            @Override
            public void configChanged() {
                told.add("config");
            }

            @Override
            public void needsReset(String why) {
                told.add(why);
            }
        });
    }

    @AfterEach
    void closes() {
        device.close();
        if (backend != null) {
            backend.close();
        }
        events.kick().close();
        events.call().close();
        ram.close();
    }

    private String socket() {
        return directory.resolve("disk.sock").toString();
    }

    private void serve(AnsweringDisk other) {
        disk = other;
        backend = Backend.listen(linux, socket(), other, options);
    }

    private static void eventually(BooleanSupplier condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - start).as("waited for too long").isLessThan(20_000_000_000L);
            Thread.sleep(1);
        }
    }

    private void connected() throws InterruptedException {
        eventually(() -> device.state().phase() == Phase.CONNECTED);
    }

    private void live() throws Exception {
        serve(new AnsweringDisk(1, 2));
        connected();
        device.acknowledge(TAKEN);
        guest = GuestDriver.direct(PLACE, memory);
        device.startQueue(0, PLACE, QueueState.FRESH, events)
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    private void offer() {
        assertThat(guest.begin(1)).isTrue();
        guest.writable(STATUS, 1);
        guest.offer(7);
        guest.publish();
        events.kick().signal();
    }

    private int answer() throws InterruptedException {
        eventually(() -> guest.hasUsed());
        assertThat(guest.reap()).isNotNegative();
        byte[] status = new byte[1];
        memory.read(STATUS, status);
        return status[0];
    }

    @Test
    void isReadyWhenItsDaemonIs() throws Exception {
        assertThat(device.isReady()).isFalse();
        assertThat(device.features()).isZero();
        assertThat(device.readConfig(0, 8)).isZero();
        CompletableFuture<Void> ready = new CompletableFuture<>();
        device.onReady(() -> ready.complete(null));
        eventually(() -> device.state().reason().contains("ENOENT"));
        assertThat(device.state().phase()).isEqualTo(Phase.CONNECTING);
        serve(new AnsweringDisk(1, 2));
        ready.get(10, TimeUnit.SECONDS);
        assertThat(device.isReady()).isTrue();
        assertThat(device.features())
                .as("of the back-end's, those of the profile")
                .isEqualTo(TAKEN | Feature.INDIRECT_DESC | BlkLayout.F_CONFIG_WCE | BlkLayout.F_MQ);
        assertThat(device.readConfig(0, 8)).isEqualTo(2048);
        assertThat(device.readConfig(34, 2)).as("num_queues is the machine's").isEqualTo(2);
        assertThat(device.readConfig(60, 4)).as("beyond its end").isZero();
        connected();
        assertThat(device.state().reconnects()).isZero();
        boolean[] again = {false};
        device.onReady(() -> again[0] = true);
        assertThat(again[0]).isTrue();
    }

    @Test
    void servesTheGuestsQueue() throws Exception {
        live();
        offer();
        assertThat(answer()).isEqualTo(1);
        eventually(() -> events.call().drain() > 0);
        assertThat(disk.calls).contains("negotiated " + Long.toHexString(TAKEN), "engine 0");
        QueueState at = device.stopQueue(0).toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(at).isEqualTo(new QueueState(1, 1));
        assertThat(device.stopQueue(0).toCompletableFuture()).failsWithin(10, TimeUnit.SECONDS);
        device.startQueue(0, PLACE, at, events).toCompletableFuture().get(10, TimeUnit.SECONDS);
        offer();
        assertThat(answer()).isEqualTo(1);
    }

    @Test
    void goesOnWithASuccessorAndTheGuestNoticesNothing() throws Exception {
        live();
        for (int round = 2; round < 6; round++) {
            offer();
            assertThat(answer()).isEqualTo(round - 1);
            backend.close();
            offer(); // while nobody is there; its kick is rung again for the successor
            serve(new AnsweringDisk(round, 2));
            assertThat(answer()).isEqualTo(round);
        }
        connected();
        assertThat(device.state().reconnects()).isEqualTo(4);
        assertThat(device.state().lastGapNanos()).isBetween(1L, 20_000_000_000L);
        assertThat(told).isEmpty();
        assertThat(disk.calls).contains("negotiated " + Long.toHexString(TAKEN));
    }

    @Test
    void refusesASuccessorThatLacksWhatTheGuestTookUntilABetterOneComes() throws Exception {
        live();
        backend.close();
        AnsweringDisk poor = new AnsweringDisk(2, 2);
        poor.features = BlkLayout.F_MQ;
        serve(poor);
        eventually(() -> device.state().phase() == Phase.FAILED);
        assertThat(device.state().reason()).contains("lacks features=0x200");
        assertThat(told).hasSize(1);
        backend.close();
        offer();
        serve(new AnsweringDisk(3, 2));
        assertThat(answer()).isEqualTo(3);
    }

    @Test
    void refusesASuccessorOfAnotherSize() throws Exception {
        live();
        backend.close();
        AnsweringDisk other = new AnsweringDisk(2, 2);
        other.capacity = 4096;
        serve(other);
        eventually(() -> device.state().phase() == Phase.FAILED);
        assertThat(device.state().reason()).contains("another size");
        assertThat(device.readConfig(0, 8)).isEqualTo(2048);
        CompletableFuture<Void> reset = device.reset().toCompletableFuture();
        reset.get(10, TimeUnit.SECONDS);
        assertThat(device.readConfig(0, 8))
                .as("a guest that resets reads it anew")
                .isEqualTo(4096);
        connected();
    }

    private static void refused(CompletionStage<Void> resize, String why) {
        assertThat(resize.toCompletableFuture())
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableOfType(ExecutionException.class)
                .withMessageContaining(why);
    }

    @Test
    void aDiskBecomesLargerAndSmallerBetweenTwoRequests() throws Exception {
        refused(device.resize(4096), "nobody serves it");
        live();
        for (long sectors : new long[] {4096, 8, 2048}) {
            offer();
            assertThat(answer()).isEqualTo(1);
            device.resize(sectors).toCompletableFuture().get(10, TimeUnit.SECONDS);
            assertThat(device.readConfig(0, 8)).isEqualTo(sectors);
            offer();
            assertThat(answer()).as("its queue goes on").isEqualTo(1);
        }
        assertThat(told).containsExactly("config", "config", "config");
        assertThat(device.state().reconnects()).isZero();
        backend.close();
        AnsweringDisk next = new AnsweringDisk(2, 2);
        next.capacity = 2048;
        serve(next);
        offer();
        assertThat(answer()).isEqualTo(2);
    }

    @Test
    void aBackendThatDoesNotResizeServesOn() throws Exception {
        live();
        disk.resizable = false;
        refused(device.resize(4096), "as large as before");
        assertThat(disk.calls).contains("resize");
        offer();
        assertThat(answer()).isEqualTo(1);
        assertThat(device.readConfig(0, 8)).isEqualTo(2048);
        assertThat(told).isEmpty();
    }

    /** The disk was resized, and nobody has said so: the successor is let in with either size, and says which it is. */
    @ParameterizedTest
    @ValueSource(longs = {4096, 2048})
    void aBackendThatDiesWhileItResizesHasASuccessor(long sectors) throws Exception {
        options = options.withSingle(true); // whose connection is its life
        live();
        disk.dies = true;
        CompletionStage<Void> resize = device.resize(4096);
        eventually(() -> device.state().phase() != Phase.CONNECTED);
        backend.close();
        assertThat(resize.toCompletableFuture()).isNotDone();
        offer();
        AnsweringDisk next = new AnsweringDisk(2, 2);
        next.capacity = sectors;
        serve(next);
        if (sectors == 4096) {
            resize.toCompletableFuture().get(10, TimeUnit.SECONDS);
        } else {
            refused(resize, "as large as before");
        }
        assertThat(answer()).isEqualTo(2);
        assertThat(device.readConfig(0, 8)).isEqualTo(sectors);
        backend.close();
        options = options.withSingle(false);
        AnsweringDisk other = new AnsweringDisk(3, 2);
        other.capacity = 1024;
        serve(other);
        eventually(() -> device.state().phase() == Phase.FAILED);
    }

    @Test
    void refusesABackendWithTooFewQueues() throws Exception {
        serve(new AnsweringDisk(1, 1));
        eventually(() -> device.state().phase() == Phase.FAILED);
        assertThat(device.state().reason()).contains("queues=1 wanted=2");
        assertThat(device.isReady()).isFalse();
    }

    @Test
    void endsAResetOnlyWhenTheSuccessorCouldHoldTheFence() throws Exception {
        live();
        offer();
        answer();
        backend.close();
        eventually(() -> device.state().phase() != Phase.CONNECTED);
        CompletableFuture<Void> reset = device.reset().toCompletableFuture();
        Thread.sleep(50);
        assertThat(reset).isNotDone();
        serve(new AnsweringDisk(2, 2));
        reset.get(10, TimeUnit.SECONDS);
        assertThat(disk.calls).contains("reset").doesNotContain("engine 0");
        device.acknowledge(TAKEN);
        guest = GuestDriver.direct(PLACE, memory);
        device.startQueue(0, PLACE, QueueState.FRESH, events)
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        offer();
        assertThat(answer()).isEqualTo(2);
    }

    @Test
    void resetsAtOnceWhatHasNotBegun() throws Exception {
        device.reset().toCompletableFuture().get(10, TimeUnit.SECONDS);
        live();
        device.reset().toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(disk.calls).contains("reset");
        offer();
        Thread.sleep(30);
        assertThat(guest.hasUsed()).as("its queue has stopped").isFalse();
    }

    @Test
    void startsAQueueThatTheGuestSetUpBeforeTheDaemonCame() throws Exception {
        guest = GuestDriver.direct(PLACE, memory);
        device.acknowledge(TAKEN);
        CompletableFuture<Void> started =
                device.startQueue(0, PLACE, QueueState.FRESH, events).toCompletableFuture();
        offer();
        serve(new AnsweringDisk(1, 2));
        started.get(10, TimeUnit.SECONDS);
        assertThat(answer()).isEqualTo(1);
    }

    @Test
    void failsAQueueOutsideMemoryAndKeepsTheConnection() throws Exception {
        live();
        QueueConfig nowhere = GuestDriver.place(1L << 40, 64, true, false);
        CompletableFuture<Void> started =
                device.startQueue(1, nowhere, QueueState.FRESH, events).toCompletableFuture();
        try {
            started.get(10, TimeUnit.SECONDS);
            throw new AssertionError("started");
        } catch (ExecutionException e) {
            assertThat(e.getCause()).hasMessageContaining("is no memory");
        }
        offer();
        assertThat(answer()).isEqualTo(1);
        assertThat(device.state().reconnects()).isZero();
    }

    @Test
    void followsTheDaemonsConfigurationAndWritesOnlyWhatMayBeWritten() throws Exception {
        live();
        disk.capacity = 8192;
        backend.configChanged();
        eventually(() -> device.readConfig(0, 8) == 8192);
        eventually(() -> told.contains("config"));
        device.writeConfig(0, 8, 1);
        device.writeConfig(31, 2, 1);
        device.writeConfig(32, 1, 1);
        eventually(() -> disk.calls.contains("config 32=1"));
        assertThat(disk.calls).noneMatch(call -> call.startsWith("config 0") || call.startsWith("config 31"));
    }

    /** However often the guest writes while its daemon says nothing: what it has written last is passed on, once. */
    @Test
    void aGuestThatWritesForEverFillsNothing() throws Exception {
        live();
        disk.gate = new CountDownLatch(1);
        device.writeConfig(32, 1, 1);
        eventually(() -> disk.calls.contains("config 32=1"));
        for (int i = 0; i < 100_000; i++) {
            device.writeConfig(32, 1, 2);
        }
        device.writeConfig(32, 1, 3);
        disk.gate.countDown();
        eventually(() -> disk.calls.contains("config 32=3"));
        assertThat(disk.calls).doesNotContain("config 32=2");
    }

    /** A daemon that is stopped answers nothing; neither the guest nor the end of the machine waits for it. */
    @Test
    void closesAtOnceWhileAMuteDaemonIsWaitedFor() throws Exception {
        try (Fd listener = linux.sockets().listen(socket(), 4)) {
            eventually(() -> linux.sockets().tryAccept(listener).isPresent());
            long start = System.nanoTime();
            device.close();
            assertThat(System.nanoTime() - start).isLessThan(900_000_000L);
        }
    }
}
