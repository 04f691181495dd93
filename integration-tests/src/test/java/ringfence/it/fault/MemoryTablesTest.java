package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import ringfence.it.fuse.FsDaemon;
import ringfence.it.fuse.FuseGuest;
import ringfence.it.fuse.FuseShape;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.memory.Region;
import ringfence.vhostuser.link.PeerException;

/**
 * The memory of a guest changes, or is cut short, while real daemons read and write there. Sealed memory cannot be cut, and
 * requests do not notice that other regions come and go. Memory that is not sealed, which {@code --allow-unsealed} admits, can:
 * that connection ends, and the daemon serves the next one.
 */
@Timeout(3600)
class MemoryTablesTest {
    private static final int ROUNDS = Integer.getInteger("ringfence.memory.rounds", 500);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
    private static final int PAGE = 4096;
    private static final int SPARES = 4;
    private static final int SPARE_PAGES = 256;
    private static final FuseShape SHAPE = new FuseShape(1, MemoryLoad.SLOTS, MemoryLoad.BLOCK, 64, true);

    @TempDir
    Path folder;

    private final Linux linux = Linux.system();
    private final long seed = Long.getLong("ringfence.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);
    private final List<Fd> files = new ArrayList<>();
    private final List<Mapping> mappings = new ArrayList<>();
    private FsDaemon daemon;

    @BeforeEach
    void otherMemory() {
        for (int i = 0; i < SPARES; i++) {
            Fd file = linux.memory().memfd("spare", (long) SPARE_PAGES * PAGE);
            linux.memory().seal(file, Seal.SHRINK, Seal.GROW);
            files.add(file);
            mappings.add(linux.memory().map(file, 0, (long) SPARE_PAGES * PAGE));
        }
    }

    @AfterEach
    void end() throws Exception {
        mappings.forEach(Mapping::close);
        files.forEach(Fd::close);
        if (daemon != null) {
            daemon.close();
        }
    }

    private void start(MemoryLoad.Kind kind, String... options) throws Exception {
        Path socket = Files.createTempDirectory("ringfence-memory").resolve("s");
        daemon = FsDaemon.run(kind.command(folder, socket, options), socket, false);
    }

    /** Some of them, pieces of any size at any place. */
    private List<Region> others() {
        List<Region> some = new ArrayList<>();
        for (int i = 0; i < SPARES; i++) {
            if (random.nextBoolean()) {
                Mapping mapping = mappings.get(i);
                int pages = random.nextInt(1, SPARE_PAGES / 2);
                long offset = (long) random.nextInt(SPARE_PAGES / 2) * PAGE;
                long guestAddress = ((i + 1L) << 32) + (long) random.nextInt(1000) * PAGE;
                some.add(new Region(
                        guestAddress,
                        mapping.address() + offset,
                        (long) pages * PAGE,
                        mapping,
                        offset,
                        files.get(i),
                        offset));
            }
        }
        return some;
    }

    private void connect(FuseGuest guest) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE;
        while (true) {
            assertThat(daemon.isAlive()).as("the daemon lives, seed %d", seed).isTrue();
            try {
                guest.connect(daemon.socket().toString());
                return;
            } catch (PeerException e) { // it still parts from the one before
                guest.lost();
                assertThat(System.nanoTime()).as(e.getMessage()).isLessThan(deadline);
                Thread.sleep(1);
            }
        }
    }

    private int descriptors() throws Exception {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + daemon.pid() + "/fd"))) {
            return (int) open.count();
        }
    }

    @ParameterizedTest
    @CsvSource({"DISK, false", "DISK, true", "FOLDER, false", "FOLDER, true", "SWITCH, false", "SWITCH, true"})
    void requestsDoNotNoticeThatMemoryComesAndGoes(MemoryLoad.Kind kind, boolean slots) throws Exception {
        start(kind);
        try (FuseGuest guest = new FuseGuest(linux, SHAPE, true, slots)) {
            connect(guest);
            MemoryLoad load = kind.on(guest);
            int before = descriptors();
            for (int round = 0; round < ROUNDS / 2; round++) {
                load.begin();
                guest.besides(others());
                assertThatThrownBy(() -> guest.cut(0))
                        .isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EPERM");
                load.end(PATIENCE);
            }
            guest.besides(List.of());
            load.begin();
            load.end(PATIENCE);
            assertThat(descriptors()).as("none is left open").isLessThanOrEqualTo(before);
        }
        System.out.printf(
                "counted: %s: %d tables under requests, %s, as many cuts refused, seed %d%n",
                kind, ROUNDS / 2, slots ? "region by region" : "each whole", seed);
    }

    @ParameterizedTest
    @EnumSource
    void memoryThatIsCutUnderRequestsEndsItsConnectionAtMost(MemoryLoad.Kind kind) throws Exception {
        start(kind, "--allow-unsealed");
        int ended = 0;
        for (int round = 0; round < ROUNDS; round++) {
            try (FuseGuest guest = new FuseGuest(linux, SHAPE, false, random.nextBoolean())) {
                connect(guest);
                MemoryLoad load = kind.on(guest);
                load.begin();
                load.end(PATIENCE);
                load.begin();
                ended += cut(guest, load) ? 1 : 0;
                guest.lost();
            }
        }
        assertThat(ended).as("some connections end").isPositive();
        serves(kind);
        System.out.printf(
                "counted: %s: memory cut under requests %d times, %d connections ended, seed %d%n",
                kind, ROUNDS, ended, seed);
    }

    /** @return whether that has ended the connection by the time that the next message is answered */
    private boolean cut(FuseGuest guest, MemoryLoad load) {
        long pages = guest.size() / PAGE;
        long left = random.nextBoolean() ? 0 : random.nextLong(pages) * PAGE;
        long until = System.nanoTime() + random.nextLong(200_000);
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
        long since = System.nanoTime();
        try {
            switch (random.nextInt(3)) {
                case 0 -> { // the queues run
                    guest.cut(left);
                    load.kick();
                    guest.besides(others());
                }
                case 1 -> guest.stopped(() -> guest.cut(left)); // and are started there
                default -> { // and are stopped there
                    guest.cut(left);
                    guest.stopped(() -> {});
                }
            }
            return false;
        } catch (PeerException _) {
            assertThat(System.nanoTime() - since)
                    .as("it does not hang, seed %d", seed)
                    .isLessThan(PATIENCE);
            return true;
        }
    }

    private void serves(MemoryLoad.Kind kind) throws Exception {
        try (FuseGuest guest = new FuseGuest(linux, SHAPE, true, false)) {
            connect(guest);
            MemoryLoad load = kind.on(guest);
            load.begin();
            load.end(PATIENCE);
        }
    }

    /** A guest at a switch's other port sends and receives on while the memory of one after another is cut. */
    @Test
    void whoIsOnTheSameSwitchGoesOn() throws Exception {
        start(MemoryLoad.Kind.SWITCH, "--allow-unsealed");
        try (FuseGuest neighbour = new FuseGuest(linux, SHAPE, true, false)) {
            connect(neighbour);
            MemoryLoad steady = MemoryLoad.Kind.SWITCH.on(neighbour);
            for (int round = 0; round < ROUNDS; round++) {
                try (FuseGuest guest = new FuseGuest(linux, SHAPE, false, true)) {
                    connect(guest);
                    MemoryLoad load = MemoryLoad.Kind.SWITCH.on(guest);
                    load.begin();
                    steady.begin();
                    cut(guest, load);
                    steady.end(PATIENCE);
                    guest.lost();
                }
            }
        }
        System.out.printf("counted: memory of %d guests cut beside one at the same switch, seed %d%n", ROUNDS, seed);
    }
}
