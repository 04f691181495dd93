package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.blk.cli.BlkMain;
import ringfence.linux.Linux;
import ringfence.vhostuser.link.PeerException;

/**
 * The block daemon dies at each labelled moment of a request's way, of a drain, and of a change of memory, with one request
 * under way and with thirty-two: its successor goes on, and the guest sees each request completed once.
 */
@Timeout(120)
class CrashPointsTest {
    private static final long PATIENCE = 30_000_000_000L;
    /** Writes that the successor still has to do. */
    private static final int MORE = 200;

    @TempDir
    Path folder;

    static Stream<Arguments> everyRequestCompletesOnce() {
        return Stream.of(
                        "TAKEN:40",
                        "RECORDED:40",
                        "SUBMITTED:40",
                        "FINISHED:40",
                        "LINKED:40",
                        "ANNOUNCED:40",
                        "USED:40",
                        "CLEARED:40",
                        "NOTED:40",
                        "DRAINING",
                        "MAPPING:3") // the first two are the connection's
                .flatMap(point -> Stream.of(1, 32).map(depth -> Arguments.of(point, depth)));
    }

    @ParameterizedTest
    @MethodSource
    void everyRequestCompletesOnce(String point, int depth) throws Exception {
        long seed = Long.getLong("ringfence.seed", System.nanoTime());
        Path image = Files.write(folder.resolve("disk.img"), new byte[StampedWrites.BLOCKS * KillGuest.BLOCK]);
        String socket = folder.resolve("s").toString();
        List<String> mortal = new ArrayList<>(DaemonCommand.java(BlkMain.class, "-Dringfence.crash=" + point));
        mortal.addAll(List.of("--socket-path=" + socket, "--blk-file=" + image, "--seccomp=none"));
        Process first = new ProcessBuilder(mortal).inheritIO().start();
        Process second = null;
        try (KillGuest guest = new KillGuest(Linux.system(), depth)) {
            guest.connect(socket, PATIENCE);
            StampedWrites writes = new StampedWrites(guest, depth, new SplittableRandom(seed));
            writes.begin();
            untilItDies(first, point, guest, writes);
            assertThat(first.waitFor()).isEqualTo(137);
            guest.lost();
            List<String> healthy = new ArrayList<>(DaemonCommand.program());
            healthy.addAll(List.of("--socket-path=" + socket, "--blk-file=" + image));
            second = new ProcessBuilder(healthy).inheritIO().start();
            guest.connect(socket, PATIENCE);
            long until = writes.acknowledged() + MORE;
            long since = System.nanoTime();
            while (writes.acknowledged() < until) {
                writes.go(since);
            }
            writes.finish();
            writes.verify(image);
        } catch (IllegalStateException e) {
            throw new AssertionError(point + ", " + depth + " at a time, seed " + seed, e);
        } finally {
            first.destroyForcibly();
            if (second != null) {
                second.destroyForcibly().waitFor();
            }
        }
    }

    private static void untilItDies(Process daemon, String point, KillGuest guest, StampedWrites writes) {
        long since = System.nanoTime();
        try {
            while (daemon.isAlive()) {
                writes.go(since);
                if (writes.acknowledged() > 100 && point.equals("DRAINING")) {
                    guest.reset();
                } else if (writes.acknowledged() > 100 && point.startsWith("MAPPING")) {
                    guest.remap();
                }
            }
        } catch (PeerException _) {
            // that is its death
        }
    }
}
