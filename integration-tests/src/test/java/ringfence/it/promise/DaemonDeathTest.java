package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.regex.MatchResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Outcome;
import ringfence.it.lab.Vmm;

/** A guest under whose writes the disk's daemon dies. */
@OnKvmHost
class DaemonDeathTest {
    private static final Duration LONG = Duration.ofSeconds(150);
    private static final int KILLS = Integer.getInteger("ringfence.promise.kills", 2);
    private static final int SECONDS_BETWEEN = 8;

    /** Every block is read back: none lost, none misplaced, no error; the longest pause is reported. */
    @Test
    void theGuestLosesNothingWhenTheDaemonIsKilled(KvmHost host, TestReporter reporter) {
        String image = host.places().scratch() + "/stamped.img";
        host.run("truncate", "-s", "16M", image);
        int seconds = (KILLS + 1) * SECONDS_BETWEEN;
        try (Guest guest = Guest.start(
                host,
                new Vmm.Ringfence(),
                GuestSpec.kernel("6.1").disk(GuestDisk.image(image)).commandLine("root="))) {
            guest.awaitReady();
            int from = guest.console().length();
            guest.send("stamp /dev/vda " + seconds + " 4 7; echo status $?; dmesg | grep -c 'I/O error'");
            String last = "0";
            for (int kill = 0; kill < KILLS; kill++) {
                host.run(Duration.ofMinutes(1), Command.of("sleep", Integer.toString(SECONDS_BETWEEN)))
                        .orThrow();
                String daemon = Daemons.await(host, guest, last);
                host.run("kill", "-9", daemon);
                last = daemon;
            }
            MatchResult result = guest.console()
                    .await(
                            from,
                            "^stamp: writes=(\\d+) .*gap=(\\d+) errors=(\\d+)\\s+status (\\d+)\\s+(\\d+)\\s*$",
                            LONG.plusSeconds(seconds));
            String line = result.group().replace('\r', ' ').replace('\n', ' ');
            System.out.println("daemon killed " + KILLS + " times: " + line);
            reporter.publishEntry("gap", result.group(2) + " ms");
            assertThat(Long.parseLong(result.group(1))).as(line).isPositive();
            assertThat(result.group(3)).as(line).isEqualTo("0");
            assertThat(result.group(4)).as(line).isEqualTo("0");
            assertThat(result.group(5)).as("I/O errors in dmesg").isEqualTo("0");
            Outcome end = guest.powerOff();
            assertThat(end.status()).as(end.toString()).isZero();
        } finally {
            host.run("rm", "-f", image);
        }
    }
}
