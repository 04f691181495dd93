package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
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
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final int KILLS = Integer.getInteger("ringfence.promise.fs.kills", 3);
    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime() >>> 20);
    private static final int MOST_MILLIS = 1500;
    private static final int MOST_MILLIS_OF_MAKE = 6000;

    /**
     * What the guest does until it is told to stop: files come, are renamed, linked and read back, folders come and go.
     * Descriptor 3 appends to a file, 4 writes to one whose name is gone. What goes wrong is a line of {@code /tmp/wrong}.
     */
    private static final String WORK = """
        wrong() { echo "$i: $*" >>/tmp/wrong; }
        cd /mnt/work
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

    /** Clones and makes a project until it is told to stop. */
    private static final String PROJECT = FolderProject.SCRIPT + """
        i=0
        until [ -e /tmp/stop ]; do
            i=$((i + 1))
            project >/tmp/project.out 2>&1 || { echo "$i:"; cat /tmp/project.out; } >>/tmp/wrong
        done
        echo $i >/tmp/done
        """;

    /** At random moments. No command fails, nothing is done twice and nothing not at all; open files stay open. */
    @Test
    void whatTheGuestDoesInTheFolderOutlivesTheDaemon(KvmHost host) throws IOException, InterruptedException {
        System.out.println("kills under a guest's folder: -Dringfence.seed=" + SEED);
        String folder = host.script(
                        "d=$(mktemp -d \"$1/killed-XXXXXX\"); mkdir $d/shared; echo $d",
                        host.places().scratch())
                .text();
        FolderTools.put(host, folder + "/shared/bin");
        GuestSpec spec = FolderTools.in(host, GuestSpec.kernel("6.1").cpus(2))
                .options("--fs", "tag=work,path=" + folder + "/shared", "-v", "--log-file", folder + "/log");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            guest.text("mkdir -p /mnt && mount -t virtiofs work /mnt");
            FolderTools.prepare(guest, "/mnt");
            Killer killer = new Killer(host, guest, folder);
            guest.text(
                    "mkdir /mnt/work; for how in named unlinked; do /run/bin/fsx --operations=1000000000 --seed=" + SEED
                            + " --until=/tmp/stop $([ $how = named ] || echo --unlinked) /mnt/$how >/tmp/fsx.$how 2>&1"
                            + " || echo \"fsx $how\" >>/tmp/wrong & done");
            guest.text("cat >/tmp/work <<'EOF'\n" + WORK + "EOF\nsh /tmp/work >/tmp/out 2>&1 &");
            for (int kill = 1; kill <= KILLS; kill++) {
                goesOn(host, folder);
                killer.kill(MOST_MILLIS);
            }
            killer.awaitSuccessor();
            goesOn(host, folder);
            String rounds = ended(guest);
            String fsx = guest.text(
                    "until grep -q operations: /tmp/fsx.named && grep -q operations: /tmp/fsx.unlinked; do [ ! -e"
                        + " /tmp/wrong ] || break; usleep 100000; done; cat /tmp/wrong 2>/dev/null; cat /tmp/fsx.*");
            assertThat(fsx.lines()).as(fsx).hasSize(2).allMatch(line -> line.matches("\\d+ operations:.*"));
            System.out.println("counted: " + KILLS + " kills of a folder's daemon under a guest, " + rounds
                    + " rounds of work and fsx on a file with and without a name: "
                    + fsx.replaceAll(" operations:.*", "").replace("\n", " and ") + " operations; gaps "
                    + killer.gaps() + " ms");
            assertThat(guest.text(
                            "umount /t/mnt && umount /mnt && mount -t virtiofs work /mnt && mount --bind /mnt /t/mnt"
                                    + " && tail -n 1 /mnt/work/log; rm /tmp/stop /tmp/done"))
                    .as("mounted anew")
                    .isEqualTo(rounds);
            guest.text("cat >/tmp/project <<'EOF'\n" + PROJECT + "EOF\n" + FolderTools.among("project")
                    + " >/tmp/out 2>&1 &");
            for (int kill = 1; kill <= KILLS; kill++) {
                killer.kill(MOST_MILLIS_OF_MAKE);
            }
            String clones = ended(guest);
            System.out.println("counted: " + KILLS + " kills of a folder's daemon under git and make, " + clones
                    + " projects; gaps of all " + killer.gaps() + " ms");
            killer.awaitSuccessor();
            forgets(guest, new Descriptors(host, killer.daemon));
            assertThat(killer.ends())
                    .as("a daemon ends only where it is killed")
                    .hasSize(2 * KILLS);
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    /** What the kills have left is what a new mount begins with: no node was counted twice. */
    private static void forgets(Guest guest, Descriptors open) {
        guest.text(FolderWork.DROP);
        int left = open.settled();
        guest.text("umount /t/mnt && umount /mnt && mount -t virtiofs work /mnt");
        open.await(left);
        System.out.println("counted: " + left + " descriptors after all kills and after a new mount");
    }

    /** Tells the guest's work to stop and waits: what it counted. */
    private static String ended(Guest guest) {
        guest.text("touch /tmp/stop");
        guest.run("until [ -e /tmp/done ]; do usleep 100000; done", LONG);
        assertThat(guest.text("cat /tmp/wrong /tmp/out 2>/dev/null; true")).isEmpty();
        return guest.text("cat /tmp/done");
    }

    /** Kills the folder's daemon, and its successors. */
    private static final class Killer {
        private final KvmHost host;
        private final Guest guest;
        private final String folder;
        private final Random random = new Random(SEED);
        private String daemon = "none";
        private String dead = "none";
        private int kills;

        Killer(KvmHost host, Guest guest, String folder) {
            this.host = host;
            this.guest = guest;
            this.folder = folder;
        }

        /** After a random time with one that serves. */
        void kill(int mostMillis) throws InterruptedException {
            awaitSuccessor();
            Thread.sleep(random.nextInt(mostMillis));
            host.run("kill", "-9", daemon);
            dead = daemon;
            kills++;
        }

        void awaitSuccessor() {
            host.run(
                            LONG,
                            Command.script(
                                    "until [ $(grep -c 'after a gap of' \"$1/log\") -ge $2 ]; do usleep 100000; done",
                                    folder,
                                    Integer.toString(kills)))
                    .orThrow();
            daemon = Daemons.await(host, guest, "--tag=work", dead);
        }

        String gaps() {
            return host.script("sed -n 's/.*after a gap of \\([0-9]*\\) ms.*/\\1/p' \"$1/log\" | tr '\\n' ' '", folder)
                    .text();
        }

        List<String> ends() {
            return host.script("grep 'back-end lost: .*closed' \"$1/log\"", folder)
                    .text()
                    .lines()
                    .toList();
        }
    }

    /** Waits until a whole round of work has begun and ended. */
    private static void goesOn(KvmHost host, String folder) {
        host.run(
                        LONG,
                        Command.script(
                                "lines() { cat \"$1/shared/work/log\" 2>/dev/null | wc -l; }; from=$(lines \"$1\");"
                                        + " until [ $(lines \"$1\") -ge $((from + 2)) ]; do sleep 0.1; done",
                                folder))
                .orThrow();
    }
}
