package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import org.junit.jupiter.api.Test;
import ringfence.it.fuse.GuestProgram;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/** Locks of a guest in a shared folder with {@code locks=on}, whose daemon dies while they are held. */
@OnKvmHost
class FolderLocksTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final int KILLS = 2;
    private static final int FREE = 0;
    private static final int HELD = 1;

    /** Of fcntl(2) on bytes 0 to 99, and of flock(2) on all of another file. */
    private static final String RANGE = "--from=0 --length=100 ";

    @Test
    void theyAreHeldOn(KvmHost host) throws IOException, InterruptedException {
        String folder = host.script(
                        "d=$(mktemp -d \"$1/locks-XXXXXX\"); mkdir $d/shared; echo $d",
                        host.places().scratch())
                .text();
        GuestSpec spec = GuestSpec.kernel("6.1")
                .cpus(2)
                .options("-v", "--fs", "id=work,tag=work,locks=on,path=" + folder + "/shared");
        try {
            FolderTools.put(host, folder + "/bin", GuestProgram.LOCK);
            host.script("cp \"$1/bin/lock\" \"$1/shared\"", folder);
            try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
                guest.awaitReady();
                guest.text("mkdir -p /mnt && mount -t virtiofs work /mnt && cp /mnt/lock /run/lock");
                new Locks(host, guest, folder).outliveTheDaemon();
                assertThat(guest.complaints()).isEmpty();
                assertThat(guest.powerOff().status()).isZero();
            }
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    /** @param folder holds what is shared, and a program for the host */
    private record Locks(KvmHost host, Guest guest, String folder) {
        void outliveTheDaemon() {
            inBackground("range", RANGE + "--until=/tmp/go /mnt/range");
            inBackground("flock", "--flock --until=/tmp/go /mnt/flock");
            says("range", "held");
            says("flock", "held");
            try (Program holder =
                    host.start(Command.script("exec \"$1/bin/lock\" --until=\"$1/go\" \"$1/shared/theirs\"", folder))) {
                holder.out().await("^held$", LONG);
                inBackground("patient", "--wait " + RANGE + "/mnt/range");
                inBackground("patience", "--wait --flock /mnt/flock");
                inBackground("waiting", "--wait --from=7 --length=1 /mnt/theirs");
                int connected = 0;
                for (int i = 0; i <= KILLS; i++) {
                    MatchResult process = guest.vmm().err().await(connected, "work: connected to process (\\d+)", LONG);
                    connected = process.end();
                    everyoneHoldsOn();
                    if (i < KILLS) {
                        host.run("kill", "-9", process.group(1));
                    }
                }
                assertThat(guest.text("cat /tmp/patient /tmp/patience /tmp/waiting"))
                        .as("who waits")
                        .isEmpty();
                host.run("touch", folder + "/go");
                says("waiting", "held");
                guest.text("touch /tmp/go");
                for (String kind : List.of("range", "flock")) {
                    says(kind, "held\ndropped");
                }
                says("patient", "held");
                says("patience", "held");
            }
            assertThat(inGuest(RANGE + "/mnt/range")).isEqualTo(FREE);
            assertThat(inGuest("--flock /mnt/flock")).isEqualTo(FREE);
            assertThat(onHost(RANGE, "range")).isEqualTo(FREE);
            assertThat(onHost("--flock", "flock")).isEqualTo(FREE);
            assertThat(guest.vmm().err().text()).doesNotContain("are lost");
            System.out.println(
                    "counted: " + KILLS + " kills of a folder's daemon under 2 locks of a guest and 1 of its host,"
                            + " for which 3 processes wait; none lost");
        }

        /** What the guest has locked, another process of it cannot, nor can the host; what the host has, the guest cannot. */
        private void everyoneHoldsOn() {
            assertThat(inGuest("--from=99 --length=1 --shared /mnt/range")).isEqualTo(HELD);
            assertThat(inGuest("--from=100 /mnt/range")).isEqualTo(FREE);
            assertThat(inGuest("--flock --shared /mnt/flock")).isEqualTo(HELD);
            assertThat(inGuest("/mnt/theirs")).isEqualTo(HELD);
            assertThat(onHost("--from=99 --length=1 --shared", "range")).isEqualTo(HELD);
            assertThat(onHost("--from=100", "range")).isEqualTo(FREE);
            assertThat(onHost("--flock --shared", "flock")).isEqualTo(HELD);
        }

        private void inBackground(String name, String lock) {
            guest.text("/run/lock " + lock + " >/tmp/" + name + " 2>&1 &");
        }

        private void says(String name, String text) {
            guest.run(
                            "n=0; until [ \"$(cat /tmp/" + name + ")\" = '" + text + "' ]; do n=$((n + 1));"
                                    + " [ $n -lt 600 ] || { cat /tmp/" + name + "; exit 1; }; usleep 100000; done",
                            LONG)
                    .orThrow();
        }

        private int inGuest(String lock) {
            return guest.run("/run/lock " + lock, LONG).status();
        }

        private int onHost(String options, String file) {
            return host.run(LONG, Command.script("\"$1/bin/lock\" $2 \"$1/shared/$3\"", folder, options, file))
                    .status();
        }
    }
}
