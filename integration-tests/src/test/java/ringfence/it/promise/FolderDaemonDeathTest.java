package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;

/** A guest that works in a shared folder whose daemon dies. */
@OnKvmHost
class FolderDaemonDeathTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final int KILLS = Integer.getInteger("ringfence.promise.fs.kills", 5);
    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime() >>> 20);
    private static final int MOST_MILLIS_BETWEEN = 1500;

    /**
     * What the guest does until it is told to stop: files come, are renamed, linked and read back, folders come and go.
     * Descriptor 3 appends to a file, 4 writes to one whose name is gone. What goes wrong is a line of {@code /tmp/wrong}.
     */
    private static final String WORK = """
        wrong() { echo "$i: $*" >>/tmp/wrong; }
        cd /mnt
        exec 3>>log 4<>gone
        rm gone || wrong rm gone
        i=0
        until [ -e /tmp/stop ]; do
            i=$((i + 1))
            dd if=/dev/urandom of=new bs=8k count=4 2>/dev/null || wrong dd
            sum=$(md5sum <new)
            mv new file.$i || wrong mv
            mkdir folder.$i || wrong mkdir
            ln file.$i folder.$i/hard || wrong ln
            ln -s ../file.$i folder.$i/soft || wrong ln -s
            [ "$(md5sum <folder.$i/soft)" = "$sum" ] || wrong soft
            [ "$(md5sum <folder.$i/hard)" = "$sum" ] || wrong hard
            [ "$(ls folder.$i | wc -l)" = 2 ] || wrong ls
            rm folder.$i/hard folder.$i/soft || wrong rm
            rmdir folder.$i || wrong rmdir
            (set -C; : >lock) || wrong O_EXCL
            rm lock || wrong rm lock
            echo $i >&3 || wrong append
            echo $i >&4 || wrong gone
        done
        seq $i >/tmp/expected
        cmp /tmp/expected log || wrong log
        cmp /tmp/expected /proc/self/fd/4 || wrong content of gone
        ls | grep -v '^file\\.[0-9]*$' | grep -v '^log$' && wrong left
        [ "$(ls | wc -l)" = $((i + 1)) ] || wrong number
        echo $i >/tmp/done
        """;

    /** At random moments. No command fails, nothing is done twice and nothing not at all; open files stay open. */
    @Test
    void whatTheGuestDoesInTheFolderOutlivesTheDaemon(KvmHost host) throws InterruptedException {
        System.out.println("kills under a guest's folder: -Dringfence.seed=" + SEED);
        Random random = new Random(SEED);
        String folder = host.script(
                        "d=$(mktemp -d \"$1/killed-XXXXXX\"); mkdir $d/shared; echo $d",
                        host.places().scratch())
                .text();
        GuestSpec spec = GuestSpec.kernel("6.1")
                .cpus(2)
                .options("--fs", "tag=work,path=" + folder + "/shared", "-v", "--log-file", folder + "/log");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            guest.text("mkdir -p /mnt && mount -t virtiofs work /mnt");
            guest.text("cat >/tmp/work <<'EOF'\n" + WORK + "EOF\nsh /tmp/work >/tmp/out 2>&1 &");
            String daemon = "none";
            for (int kill = 1; kill <= KILLS; kill++) {
                daemon = Daemons.await(host, guest, daemon);
                goesOn(host, folder);
                Thread.sleep(random.nextInt(MOST_MILLIS_BETWEEN));
                host.run("kill", "-9", daemon);
            }
            Daemons.await(host, guest, daemon);
            goesOn(host, folder);
            guest.text("touch /tmp/stop");
            guest.run("until [ -e /tmp/done ]; do usleep 100000; done", LONG);
            assertThat(guest.text("cat /tmp/wrong /tmp/out 2>/dev/null; true")).isEmpty();
            String rounds = guest.text("cat /tmp/done");
            String gaps = host.script(
                            "sed -n 's/.*after a gap of \\([0-9]*\\) ms.*/\\1/p' \"$1/log\" | tr '\\n' ' '", folder)
                    .text();
            System.out.println("counted: " + KILLS + " kills of a folder's daemon under a guest, " + rounds
                    + " rounds of work; gaps " + gaps.strip() + " ms");
            String log = host.script("cat \"$1/log\"", folder).out();
            assertThat(log.lines().filter(line -> line.matches(".*: back-end lost: .*closed")))
                    .as("a daemon ends only where it is killed: " + log
                            + guest.vmm().err().text())
                    .hasSize(KILLS);
            assertThat(guest.text("umount /mnt && mount -t virtiofs work /mnt && tail -n 1 /mnt/log"))
                    .as("mounted anew")
                    .isEqualTo(rounds);
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    /** Waits until a whole round of work has begun and ended. */
    private static void goesOn(KvmHost host, String folder) {
        host.run(
                        LONG,
                        Command.script(
                                "lines() { cat \"$1/shared/log\" 2>/dev/null | wc -l; }; from=$(lines \"$1\");"
                                        + " until [ $(lines \"$1\") -ge $((from + 2)) ]; do sleep 0.1; done",
                                folder))
                .orThrow();
    }
}
