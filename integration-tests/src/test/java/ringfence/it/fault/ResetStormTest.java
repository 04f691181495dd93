package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Linux;
import ringfence.vhostuser.link.PeerException;

/**
 * A disk is stopped, reset and left by its front-end again and again while writes are under way: each is done once, at its
 * own place, and the first block is nobody else's.
 */
@Timeout(600)
class ResetStormTest {
    private static final int RESETS = Integer.getInteger("ringfence.resets", 200);
    private static final int DEPTH = 32;
    private static final long PATIENCE = 30_000_000_000L;

    @TempDir
    Path folder;

    private final long seed = Long.getLong("ringfence.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);
    private Process daemon;

    @ParameterizedTest
    @CsvSource({"/dev/shm, false", "/var/tmp, true"})
    void everyWriteIsDoneOnceAndAtItsPlace(Path where, boolean direct) throws Exception {
        Path image = Files.createTempFile(where, "ringfence-reset", ".img");
        Files.write(image, new byte[StampedWrites.BLOCKS * KillGuest.BLOCK]);
        String socket = folder.resolve("s").toString();
        List<String> command = new ArrayList<>(DaemonCommand.program());
        command.addAll(List.of("--socket-path=" + socket, "--blk-file=" + image));
        if (direct) {
            command.add("--direct");
        }
        daemon = new ProcessBuilder(command).inheritIO().start();
        try (KillGuest guest = new KillGuest(Linux.system(), DEPTH)) {
            guest.connect(socket, PATIENCE);
            StampedWrites writes = new StampedWrites(guest, DEPTH, random);
            writes.begin();
            for (int i = 0; i < RESETS; i++) {
                write(writes);
                disturb(guest, socket);
            }
            writes.finish();
            writes.verify(image);
            assertThat(daemon.isAlive()).isTrue();
            System.out.printf(
                    "counted: %s: %d stops, resets and partings under %d writes, none lost, none misplaced, seed %d%n",
                    where, RESETS, writes.acknowledged(), seed);
        } catch (IllegalStateException e) {
            throw new AssertionError("seed " + seed, e);
        } finally {
            daemon.destroyForcibly().waitFor();
            Files.delete(image);
        }
    }

    private void write(StampedWrites writes) {
        long before = writes.acknowledged();
        long end = System.nanoTime() + random.nextLong(2_000_000);
        while (System.nanoTime() < end || writes.acknowledged() == before) {
            writes.go(end);
        }
    }

    private void disturb(KillGuest guest, String socket) throws InterruptedException {
        switch (random.nextInt(4)) {
            case 0 -> guest.stop();
            case 1 -> guest.reset();
            case 2 -> guest.resetAtOnce();
            default -> {
                guest.lost();
                connect(guest, socket);
                return;
            }
        }
        guest.resume();
    }

    private void connect(KillGuest guest, String socket) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE;
        while (true) {
            try {
                guest.connect(socket, PATIENCE);
                return;
            } catch (PeerException e) { // the daemon still parts from the one before
                guest.lost();
                assertThat(daemon.isAlive())
                        .as("the daemon lives, seed %d", seed)
                        .isTrue();
                assertThat(System.nanoTime()).as(e.getMessage()).isLessThan(deadline);
                Thread.sleep(1);
            }
        }
    }
}
