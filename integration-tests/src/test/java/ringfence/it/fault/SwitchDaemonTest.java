package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.linux.Epoll;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.sandbox.FilterMode;
import ringfence.telemetry.CountersReading;
import ringfence.telemetry.PortOwner;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.PeerException;
import ringfence.virtio.Feature;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.RuntimeDirectory;
import ringfence.vmm.supervise.SharedDaemon;

/** The switch that VMs share, as real processes: started by whoever finds nobody, killed, and ended because nobody is left. */
@Timeout(120)
class SwitchDaemonTest {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);
    private static final int STARTERS = 6;
    private static final int PORTS = 32;
    private static final int QUEUES = 16;

    private final Linux linux = Linux.system();

    @TempDir
    Path folder;

    @AfterEach
    void endWhatWasStarted() {
        daemons().forEach(ProcessHandle::destroyForcibly);
    }

    /** All daemons at this folder's socket; none of anybody else's. */
    private List<ProcessHandle> daemons() {
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process.pid()).contains("--socket-path=" + folder + "/switch/socket"))
                .toList();
    }

    private static String commandLine(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline")).replace('\0', ' ');
        } catch (IOException _) {
            return ""; // it has just ended
        }
    }

    private SharedDaemon source(int unusedSeconds) {
        return source(unusedSeconds, "unnamed");
    }

    private SharedDaemon source(int unusedSeconds, String name) {
        Path product = Checkout.find().product();
        Path program = product.resolve("bin/vhost-user-net");
        Path place = folder.resolve("switch");
        return new SharedDaemon(
                linux,
                place,
                program,
                List.of(
                        "--backend=switch",
                        "--ports=" + PORTS,
                        "--queue-pairs=8",
                        "--exit-when-unused=" + unusedSeconds,
                        "--counters=" + RuntimeDirectory.countersOfSwitch(place),
                        "-v"),
                DaemonBoxes.of(linux, product, FilterMode.TRUE).ofSwitch(program, place),
                Optional.empty(),
                name,
                line -> {
                    throw new AssertionError(line);
                });
    }

    /**
     * As a device's link thread does it: again and again until somebody answers. One that is being killed may still take a
     * connection, for its socket goes with the last of its threads.
     */
    private Frontend connected(SharedDaemon source) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE;
        while (true) {
            Frontend frontend = null;
            try {
                Fd socket = source.connect();
                frontend = Frontend.over(linux, socket, FrontendOptions.defaults());
                assertThat(frontend.hello(ProtocolFeature.mask(ProtocolFeature.MQ))
                                .queues())
                        .isEqualTo(16);
                return frontend;
            } catch (ErrnoException | PeerException e) {
                if (frontend != null) {
                    frontend.close();
                }
                assertThat(System.nanoTime()).as(e.getMessage()).isLessThan(deadline);
                Thread.sleep(2);
            }
        }
    }

    private List<ProcessHandle> peers(List<Frontend> frontends) {
        return frontends.stream()
                .map(frontend -> linux.sockets().peer(frontend.socket()).pid())
                .distinct()
                .map(pid -> ProcessHandle.of(pid).orElseThrow())
                .toList();
    }

    /** Starters meet nobody, at the same time, three times over: first, after a kill, and after the end of the unused. */
    @Test
    void thereIsOneWhoeverStartsItAndAnotherWhenItIsKilled() throws Exception {
        ProcessHandle last = null;
        for (int round = 0; round < 3; round++) {
            List<Frontend> frontends = new ArrayList<>();
            List<SharedDaemon> sources =
                    IntStream.range(0, STARTERS).mapToObj(i -> source(2)).toList();
            long begin = System.nanoTime();
            try (ExecutorService threads = Executors.newFixedThreadPool(STARTERS)) {
                List<Future<Frontend>> starting = new ArrayList<>();
                sources.forEach(source -> starting.add(threads.submit(() -> connected(source))));
                for (Future<Frontend> one : starting) {
                    frontends.add(one.get());
                }
            }
            System.out.println("counted: " + STARTERS + " that found no switch had one after "
                    + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin) + " ms");
            assertThat(peers(frontends)).isEqualTo(daemons()).hasSize(1);
            ProcessHandle daemon = daemons().getFirst();
            assertThat(Optional.of(daemon)).isNotEqualTo(Optional.ofNullable(last));
            if (round != 1) {
                daemon.destroyForcibly();
            }
            frontends.forEach(Frontend::close);
            sources.forEach(SharedDaemon::close);
            long deadline = System.nanoTime() + PATIENCE;
            while (daemon.isAlive() && !isZombie(daemon)) {
                assertThat(System.nanoTime()).as("ends when it is unused").isLessThan(deadline);
                Thread.sleep(10);
            }
            last = daemon;
        }
        assertThat(folder.resolve("switch/log")).content().contains("no front-end for 2 s: it ends");
    }

    /** Nobody waits for it here, as it is not what this process is for. */
    private static boolean isZombie(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/stat")).contains(") Z ");
        } catch (IOException _) {
            return true;
        }
    }

    /** With all of their queues; one more than there are ports is turned away, and gets the next one that is free. */
    @Test
    void allPortsMayBeTaken() throws Exception {
        List<Frontend> frontends = new ArrayList<>();
        SharedDaemon source = source(60);
        try (QueueMemory memory = new QueueMemory(linux)) {
            for (int i = 0; i < PORTS; i++) {
                frontends.add(connected(source));
                memory.startQueues(frontends.getLast());
            }
            Frontend more = Frontend.over(linux, source.connect(), FrontendOptions.defaults());
            assertThat(linux.sockets().await(more.socket(), Epoll.RDHUP, 10_000))
                    .isTrue();
            more.close();
            for (Frontend frontend : frontends) {
                assertThat(frontend.stopQueue(QUEUES - 1)).isEqualTo(QueueState.FRESH);
            }
            frontends.removeFirst().close();
            frontends.add(connected(source));
            memory.startQueues(frontends.getLast());
            assertThat(peers(frontends)).hasSize(1);
            assertThat(folder.resolve("switch/log")).content().contains("turned away: all 32 seats are taken");
        } finally {
            frontends.forEach(Frontend::close);
            source.close();
        }
    }

    /** Two devices that come to a successor in another order, and so have other ports of it. */
    @Test
    void eachDevicesCountersAreItsOwnAndGoOnWhenTheSwitchIsKilled() throws Exception {
        String busy = PortOwner.of(ProcessHandle.current().pid(), 7, "busy");
        String idle = PortOwner.of(ProcessHandle.current().pid(), 7, "idle");
        try (QueueMemory memory = new QueueMemory(linux);
                SharedDaemon busySource = source(60, busy);
                SharedDaemon idleSource = source(60, idle)) {
            Frontend first = connected(busySource);
            Frontend second = connected(idleSource);
            memory.startQueues(first);
            memory.kick();
            awaitCount(busy, 1);
            assertThat(counters(idle))
                    .isNotEmpty()
                    .allSatisfy(value -> assertThat(value.value()).isZero());
            ProcessHandle daemon = daemons().getFirst();
            daemon.destroyForcibly();
            assertThat(linux.sockets().await(first.socket(), Epoll.RDHUP, 10_000))
                    .isTrue();
            first.close();
            second.close();
            long before = count(busy);
            second = connected(idleSource);
            first = connected(busySource);
            assertThat(daemons()).isNotEmpty().doesNotContain(daemon);
            memory.startQueues(first);
            memory.kick();
            awaitCount(busy, before + 1);
            assertThat(count(idle)).isZero();
            first.close();
            second.close();
        }
    }

    private void awaitCount(String owner, long least) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE;
        while (count(owner) < least) {
            assertThat(System.nanoTime()).as(owner).isLessThan(deadline);
            Thread.sleep(10);
        }
    }

    private long count(String owner) {
        return counters(owner).stream().mapToLong(CountersReading.Value::value).sum();
    }

    private List<CountersReading.Value> counters(String owner) {
        return CountersReading.of(linux, "counters", RuntimeDirectory.countersOfSwitch(folder.resolve("switch")))
                .of(owner)
                .values();
    }

    /** What the queues of any card stand on: memory with rings, which stay empty. */
    private static final class QueueMemory implements AutoCloseable {
        private static final int RING = 0x4000;
        private static final int SIZE = 64;
        private static final long RAM = (long) RING * (QUEUES + 1);

        private final Fd memory;
        private final Mapping mapping;
        private final MemoryTable table;
        private final EventFd bell;

        QueueMemory(Linux linux) {
            memory = linux.memory().memfd("guest", RAM);
            linux.memory().seal(memory, Seal.SHRINK, Seal.GROW);
            mapping = linux.memory().map(memory, 0, RAM);
            table = MemoryTable.of(List.of(new Region(0, mapping.address(), RAM, mapping, 0, memory, 0)));
            bell = linux.events().eventFd();
        }

        void startQueues(Frontend card) {
            card.features(Feature.VERSION_1);
            card.memory(table);
            for (int i = 0; i < QUEUES; i++) {
                QueueConfig ring = GuestDriver.place((long) RING * (i + 1), SIZE, true, true);
                card.startQueue(i, ring, QueueState.FRESH, bell, bell, null);
            }
        }

        /** One of the queues, whichever sees it first: it works from then on. */
        void kick() {
            bell.signal();
        }

        @Override
        public void close() {
            bell.close();
            mapping.close();
            memory.close();
        }
    }
}
