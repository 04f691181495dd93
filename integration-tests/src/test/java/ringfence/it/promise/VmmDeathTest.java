package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.RootDisk;
import ringfence.it.lab.Vmm;

/** A guest that uses a disk, a network card, a shared folder and a socket to its host when its VMM is killed. */
@OnKvmHost
class VmmDeathTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final int KILLS = Integer.getInteger("ringfence.promise.vmm.kills", 5);
    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime() >>> 20);
    private static final int MOST_MILLIS = 2000;
    private static final int MOST_CENTISECONDS = 200;
    private static final int ROOT_MIB = 128;
    private static final String TAP = "rfdeath";

    /** Says of each file of 64 KiB that it is on the disk once it is. */
    private static final String LOAD = """
        rm -f /root/f*
        (n=0; while n=$((n + 1)); do
            dd if=/dev/urandom of=/root/f$n bs=64k count=1 conv=fsync 2>/dev/null &&
                echo "synced $n $(sha256sum </root/f$n | cut -c 1-64)"
        done) >/dev/console 2>&1 &
        mkdir -p /run/m && mount -t virtiofs work /run/m
        (n=0; while n=$((n + 1)); do echo $n >/run/m/fresh && mv /run/m/fresh /run/m/last; done) >/dev/null 2>&1 &
        ip addr add 192.0.2.2/24 dev eth0 && ip link set eth0 up
        ping 192.0.2.1 >/dev/null 2>&1 &
        """;

    /** Kills it, and says how many hundredths of a second later all is gone that it had. */
    private static final String KILL = """
        vmm=$1 folder=$2 tap=$3
        now() { read -r up _ </proc/uptime; echo "${up%.*}${up#*.}"; }
        daemons=$(for p in $(grep -l "^PPid:[[:space:]]*$vmm$" /proc/[0-9]*/status 2>/dev/null); do echo ${p%/status}; done)
        begin=$(now)
        kill -9 $vmm
        is_left() {
            for process in $daemons; do grep -q '^State:[[:space:]]*[^Z]' $process/status 2>/dev/null && return 0; done
            [ -e /run/ringfence/vm-$vmm ] || [ -S $folder/api ] || [ -S $folder/vsock ] || ip link show $tap >/dev/null 2>&1
        }
        while is_left && [ $(($(now) - begin)) -lt 1000 ]; do usleep 10000; done
        echo "$(($(now) - begin)) $(echo $daemons | wc -w)"
        if is_left; then
            cat $(echo $daemons | sed 's,[^ ]*,&/status,g') 2>/dev/null | grep -E '^(Name|State)'
            ls -la /run/ringfence/vm-$vmm $folder
        fi 2>&1
        """;

    private static final Pattern SYNCED = Pattern.compile("^synced (\\d+) ([0-9a-f]{64})\\s*$", Pattern.MULTILINE);

    /** Within two seconds nothing of it is left but what it stored, and of that all that the guest was told is stored. */
    @Test
    void itsDaemonsStoreWhatTheyHaveAndNothingIsLeft(KvmHost host) throws Exception {
        System.out.println("kills of the VMM under a guest: -Dringfence.seed=" + SEED);
        Random random = new Random(SEED);
        host.script("[ -c /dev/net/tun ] || modprobe tun");
        String folder = host.script(
                        "d=$(mktemp -d \"$1/death-XXXXXX\"); mkdir $d/shared; echo $d",
                        host.places().scratch())
                .text();
        List<Integer> times = new ArrayList<>();
        int files = 0;
        try (RootDisk disk = RootDisk.make(host, "death.img", ROOT_MIB);
                Program holder = host.start(NetworkOf.alone(Command.of("sleep", "100000")))) {
            NetworkOf network = new NetworkOf(host, holder.pid());
            GuestSpec spec = GuestSpec.kernel("6.1")
                    .disk(GuestDisk.image(disk.path()))
                    .options("--net", "tap=" + TAP + ",ip=192.0.2.1,mask=255.255.255.0")
                    .options("--fs", "tag=work,path=" + folder + "/shared")
                    .options("--vsock", "cid=3,socket=" + folder + "/vsock")
                    .options("--api-socket", folder + "/api");
            for (int kill = 1; kill <= KILLS; kill++) {
                try (Guest guest = Guest.of(host, network.start(new Vmm.Ringfence().command(host, spec)))) {
                    guest.awaitReady();
                    guest.run(LOAD).orThrow();
                    guest.console().await(0, "^synced 1 ", LONG);
                    Thread.sleep(random.nextInt(MOST_MILLIS));
                    times.add(killed(network, guest, folder));
                    isWhole(host, disk);
                    files += hasWhatIsSynced(disk, guest);
                }
            }
            assertThat(host.script("ls -A \"$1\" \"$1/shared\"", folder).text().lines())
                    .as("what is the user's, and the locks")
                    .isSubsetOf(
                            folder + ":", "", folder + "/shared:", "shared", "last", "fresh", "api.lock", "vsock.lock");
        } finally {
            host.run("rm", "-rf", folder);
        }
        Collections.sort(times);
        System.out.println("counted: " + KILLS + " kills of the VMM, " + files
                + " files that were stored are whole; all gone after p50 " + 10 * times.get((times.size() - 1) / 2)
                + " ms, longest " + 10 * times.getLast() + " ms");
    }

    /** @return hundredths of a second */
    private static int killed(NetworkOf network, Guest guest, String folder) {
        try (Program script =
                network.start(Command.script(KILL, Long.toString(guest.vmm().pid()), folder, TAP))) {
            String told = script.await(LONG).orThrow().text();
            Matcher found = Pattern.compile("(\\d+) (\\d+)").matcher(told);
            assertThat(found.matches()).as(told).isTrue();
            assertThat(Integer.parseInt(found.group(1))).as(told).isLessThanOrEqualTo(MOST_CENTISECONDS);
            assertThat(Integer.parseInt(found.group(2)))
                    .as("of the disk, the card and the folder, and what removes the rest")
                    .isEqualTo(4);
            return Integer.parseInt(found.group(1));
        }
    }

    /** As after any failure of power: the journal is played back, and then there is nothing to mend. */
    private static void isWhole(KvmHost host, RootDisk disk) {
        assertThat(host.run(LONG, Command.of("/usr/sbin/e2fsck", "-fp", disk.path()))
                        .status())
                .as("what e2fsck has done")
                .isLessThanOrEqualTo(1);
        disk.check();
    }

    private static int hasWhatIsSynced(RootDisk disk, Guest guest) {
        Matcher synced = SYNCED.matcher(guest.console().text());
        int files = 0;
        while (synced.find()) {
            assertThat(disk.sha256("/root/f" + synced.group(1)))
                    .as("file %s", synced.group(1))
                    .isEqualTo(synced.group(2));
            files++;
        }
        assertThat(files).isPositive();
        return files;
    }
}
