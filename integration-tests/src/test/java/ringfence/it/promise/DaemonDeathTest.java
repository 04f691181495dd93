package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.regex.MatchResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;

/** A guest under whose writes the disk's daemon dies. */
@OnKvmHost
class DaemonDeathTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final int KILLS = Integer.getInteger("ringfence.promise.kills", 10);
    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime() >>> 20);
    private static final int MOST_MILLIS_BETWEEN = 2000;

    /**
     * At random moments, each time a daemon that serves. Every block is read back: none lost, none misplaced, no error; the
     * longest pause is reported.
     */
    @Test
    void theGuestLosesNothingWhenTheDaemonIsKilled(KvmHost host, TestReporter reporter) throws InterruptedException {
        System.out.println("kills under a guest's writes: -Dringfence.seed=" + SEED);
        Random random = new Random(SEED);
        String image = host.places().scratch() + "/stamped.img";
        String log = host.places().scratch() + "/stamped.log";
        host.run("truncate", "-s", "16M", image);
        GuestSpec spec = GuestSpec.kernel("6.1")
                .disk(GuestDisk.image(image))
                .commandLine("root=")
                .options("-v", "--log-file", log);
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            guest.run("(stamp /dev/vda 86400 4 " + SEED + "; echo stamped $?) >/dev/console 2>&1 &")
                    .orThrow();
            String daemon = "none";
            for (int kill = 1; kill <= KILLS; kill++) {
                daemon = serving(host, guest, log, kill, daemon);
                Thread.sleep(random.nextInt(MOST_MILLIS_BETWEEN));
                host.run("kill", "-9", daemon);
            }
            serving(host, guest, log, KILLS + 1, daemon);
            int from = guest.console().length();
            guest.run("kill -TERM $(pidof stamp)").orThrow();
            MatchResult result = guest.console()
                    .await(from, "^(stamp: writes=(\\d+) .*gap=(\\d+) errors=(\\d+))\\s+^stamped (\\d+)", LONG);
            System.out.println("counted: " + KILLS + " kills of the daemon under a guest, " + result.group(1));
            reporter.publishEntry("gap", result.group(3) + " ms");
            assertThat(Long.parseLong(result.group(2))).isPositive();
            assertThat(result.group(4)).as(guest.console().text()).isEqualTo("0");
            assertThat(result.group(5)).isEqualTo("0");
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-f", image, log);
        }
    }

    /** Waits until so many daemons have been there and the guest writes to the last one: its process id. */
    private static String serving(KvmHost host, Guest guest, String log, int count, String last) {
        String text =
                "until [ $(grep -c 'connected to process' \"$1\" 2>/dev/null) -ge $2 ] 2>/dev/null; do sleep 0.1; done";
        host.run(LONG, Command.script(text, log, Integer.toString(count))).orThrow();
        int from = guest.console().length();
        // the first of these seconds may have begun before the connection
        for (int second = 0; second < 2; second++) {
            from = guest.console()
                    .await(from, "^stamp: second \\d+, [1-9]\\d* writes\\s*$", LONG)
                    .end();
        }
        String daemon = Daemons.await(host, guest, last);
        host.run("grep", "-q", "connected to process " + daemon + "\\b", log).orThrow();
        return daemon;
    }
}
