package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.blk.cli.BlkMain;
import ringfence.linux.Linux;
import ringfence.virtio.BlkLayout;

/** The block daemon dies by SIGKILL: nothing is lost, and nothing that was lost is forgotten. */
class BlkDaemonDeathTest {
    private static final long PATIENCE = 30_000_000_000L;
    private static final int KILLS = Integer.getInteger("ringfence.kills", 50);
    /** In milliseconds, of 95 in 100 kills. */
    private static final long GAP = 250;

    private static final int IN_FULL = 1000;

    private final Linux linux = Linux.system();

    @TempDir
    Path folder;

    /** Kill test: no acknowledged write lost, none misplaced, no error, and the gap is told. */
    @ParameterizedTest
    @CsvSource({"/dev/shm, false, false", "/var/tmp, true, false", "/var/tmp, true, true"})
    void nothingIsLostWhenTheDaemonIsKilled(Path where, boolean direct, boolean standby) throws Exception {
        long seed = Long.getLong("ringfence.seed", System.nanoTime());
        try (KillRun run = new KillRun(linux, where, direct, standby, seed)) {
            run.run(KILLS);
            System.out.println("counted: " + where + ", seed " + seed + ": " + run.report());
            if (KILLS >= IN_FULL) { // on a host that has time for it
                assertThat(run.gaps().millis(95)).as(run.report()).isLessThanOrEqualTo(GAP);
            }
        } catch (IllegalStateException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /**
     * fdatasync fails once, with one daemon; a new descriptor's would succeed. The daemon dies before the status byte is
     * written, or after it: the guest's flush fails, then and later, until it resets the device.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFailedFlushStaysFailedAcrossTheDaemonsDeath(boolean beforeTheStatusByte) throws Exception {
        Path image = folder.resolve("disk.img");
        Files.write(image, new byte[1 << 20]);
        String socket = folder.resolve("s").toString();
        List<String> faulty = new ArrayList<>(
                beforeTheStatusByte
                        ? DaemonCommand.java(FaultyDaemon.class, "-Dringfence.blk.crash=FLUSH_STORED")
                        : DaemonCommand.java(FaultyDaemon.class));
        faulty.addAll(List.of(socket, image.toString()));
        Process first = new ProcessBuilder(faulty).inheritIO().start();
        try (KillGuest guest = new KillGuest(linux, 1)) {
            guest.connect(socket, PATIENCE);
            if (beforeTheStatusByte) {
                guest.offer(0, BlkLayout.T_FLUSH, 0);
                guest.publish();
                assertThat(first.waitFor()).isEqualTo(137);
                assertThat(guest.reap()).as("died before it completed").isEqualTo(-1);
            } else {
                assertThat(guest.request(BlkLayout.T_FLUSH, 0, PATIENCE)).isEqualTo(BlkLayout.S_IOERR);
                first.destroyForcibly().waitFor();
            }
            guest.lost();
            Process successor = healthy(socket, image);
            try {
                guest.connect(socket, PATIENCE);
                if (beforeTheStatusByte) {
                    awaitReplay(guest);
                    assertThat(guest.status(0)).isEqualTo(BlkLayout.S_IOERR);
                }
                assertThat(guest.request(BlkLayout.T_FLUSH, 0, PATIENCE)).isEqualTo(BlkLayout.S_IOERR);
                assertThat(guest.request(BlkLayout.T_IN, 0, PATIENCE)).isEqualTo(BlkLayout.S_OK);
            } finally {
                successor.destroyForcibly().waitFor();
            }
        } finally {
            first.destroyForcibly();
        }
    }

    /** A request whose daemon dies each time it has done it does not kill a third one. */
    @Test
    void aRequestThatTwoDaemonsDieWithIsFailedByTheThird() throws Exception {
        Path image = folder.resolve("disk.img");
        Files.write(image, new byte[1 << 20]);
        String socket = folder.resolve("s").toString();
        try (KillGuest guest = new KillGuest(linux, 1)) {
            for (int death = 0; death < 2; death++) {
                List<String> mortal = new ArrayList<>(DaemonCommand.java(BlkMain.class, "-Dringfence.crash=FINISHED"));
                mortal.addAll(List.of("--socket-path=" + socket, "--blk-file=" + image, "--seccomp=none"));
                Process daemon = new ProcessBuilder(mortal).inheritIO().start();
                guest.connect(socket, PATIENCE);
                if (death == 0) {
                    guest.offer(0, BlkLayout.T_OUT, 0);
                    guest.publish();
                }
                assertThat(daemon.waitFor()).isEqualTo(137);
                guest.lost();
            }
            Process third = healthy(socket, image);
            try {
                guest.connect(socket, PATIENCE);
                awaitReplay(guest);
                assertThat(guest.status(0)).isEqualTo(BlkLayout.S_IOERR);
                assertThat(guest.request(BlkLayout.T_OUT, 0, PATIENCE)).isEqualTo(BlkLayout.S_OK);
            } finally {
                third.destroyForcibly().waitFor();
            }
        }
    }

    private static Process healthy(String socket, Path image) throws Exception {
        List<String> command = new ArrayList<>(DaemonCommand.program());
        command.addAll(List.of("--socket-path=" + socket, "--blk-file=" + image));
        return new ProcessBuilder(command).inheritIO().start();
    }

    private static void awaitReplay(KillGuest guest) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE;
        while (guest.reap() < 0) {
            assertThat(System.nanoTime()).as("the flush is replayed").isLessThan(deadline);
            Thread.sleep(1);
        }
    }

    /** A daemon without work takes less than 1 % of a core. */
    @Test
    void anIdleDaemonIsIdle() throws Exception {
        Path image = folder.resolve("disk.img");
        Files.write(image, new byte[1 << 20]);
        String socket = folder.resolve("s").toString();
        Process daemon = healthy(socket, image);
        try (KillGuest guest = new KillGuest(linux, 1)) {
            guest.connect(socket, PATIENCE);
            assertThat(guest.request(BlkLayout.T_IN, 0, PATIENCE)).isEqualTo(BlkLayout.S_OK);
            Thread.sleep(1000); // compilers, and the looking around after a request
            long before = daemon.info().totalCpuDuration().orElseThrow().toMillis();
            Thread.sleep(3000);
            long used = daemon.info().totalCpuDuration().orElseThrow().toMillis() - before;
            assertThat(used).as("milliseconds of 3000").isLessThan(30);
        } finally {
            daemon.destroyForcibly().waitFor();
        }
    }
}
