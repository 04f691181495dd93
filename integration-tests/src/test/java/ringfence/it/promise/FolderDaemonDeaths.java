package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.regex.MatchResult;
import ringfence.it.fuse.GuestProgram;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.Vmm;

/** One guest that works in a shared folder whose daemon is killed, again and again. */
final class FolderDaemonDeaths {
    private static final Duration LONG = Duration.ofMinutes(3);
    /** One clone and make in the lab. */
    private static final Duration ROUND = Duration.ofMinutes(15);

    private static final int MOST_MILLIS_BETWEEN = 4000;
    private static final int LEAST_KNOWN = 5;
    private static final String MOUNT = "mount -t virtiofs work /mnt";
    private static final String SUMS = "find . -type f | LC_ALL=C sort | xargs md5sum | md5sum";

    private final KvmHost host;
    private final long seed;
    private final Random random;
    private final int kills;
    private final boolean standby;
    private String folder;
    private Guest guest;
    /** Where in the VMM's log its next connection to the folder's daemon will stand. */
    private int connected;

    private String daemon;

    /**
     * @param seed of the moments at which the daemon dies, and of what the guest does
     * @param kills how often
     * @param standby whether another daemon waits, which is warm then
     */
    FolderDaemonDeaths(KvmHost host, long seed, int kills, boolean standby) {
        this.host = host;
        this.seed = seed;
        random = new Random(seed);
        this.kills = kills;
        this.standby = standby;
    }

    /**
     * Half of them before the guest mounts the folder anew, half after it. No command fails, nothing is done twice and nothing
     * not at all, open files stay open; in the end the daemon knows what the guest knows.
     *
     * @param timed whether the gaps keep to their bar: on a host that does nothing else
     */
    void areOutlivedBy(FolderLoad load, boolean timed) throws IOException, InterruptedException {
        folder = host.script(
                        "d=$(mktemp -d \"$1/killed-XXXXXX\"); mkdir $d/shared; echo $d",
                        host.places().scratch())
                .text();
        GuestSpec spec = GuestSpec.kernel("6.1")
                .cpus(2)
                .options("-v", "--fs", "id=work,tag=work,path=" + folder + "/shared" + (standby ? ",standby=on" : ""))
                .options("tag=toolchain,readonly=on,cache=always,path=" + host.toolchain());
        try {
            FolderTools.put(host, folder + "/shared/bin", GuestProgram.FSX);
            try (Guest started = Guest.start(host, new Vmm.Ringfence(), spec)) {
                guest = started;
                workAndKill(load);
                if (timed) {
                    DeviceGaps.in(said(), "work").keepToTheirBar(standby);
                }
            }
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    private void workAndKill(FolderLoad load) throws InterruptedException {
        guest.awaitReady();
        daemon = next();
        guest.text("mkdir -p /mnt && " + MOUNT);
        FolderTools.prepare(guest, "/mnt");
        guest.text(FolderWork.DROP);
        int least = open().settled();
        String first = half(load, 1, kills / 2);
        guest.text("umount /t/mnt && umount /mnt && " + MOUNT + " && mount --bind /mnt /t/mnt");
        holdsTheSame("what was done before the remount");
        String second = half(load, 2, kills - kills / 2);
        holdsTheSame("what was done after it");
        isForgotten(least);
        System.out.println("counted: " + kills + " kills of a folder's daemon under a guest's " + load
                + (standby ? " with a standby" : "") + ", a remount between; " + first + "; " + second + "; "
                + DeviceGaps.in(said(), "work"));
        assertThat(said().lines().filter(line -> line.matches(".*work: back-end lost: .*closed")))
                .as("a daemon ends only where it is killed: " + said())
                .hasSize(kills);
        assertThat(guest.complaints()).isEmpty();
        assertThat(guest.powerOff().status()).isZero();
    }

    /** @return what the guest says that it has done */
    private String half(FolderLoad load, int half, int times) throws InterruptedException {
        guest.text(load.start(half, seed));
        for (int i = 0; i < times; i++) {
            goesOn();
            if (standby) {
                Standby.awaitWarm(host, guest, daemon, folder + "/shared");
            }
            Thread.sleep(random.nextInt(MOST_MILLIS_BETWEEN));
            host.run("kill", "-9", daemon);
            daemon = next();
        }
        goesOn();
        guest.text("touch /tmp/stop");
        guest.run("until [ -e /tmp/done ]; do usleep 100000; done", ROUND);
        assertThat(guest.text("cat /tmp/wrong /tmp/out 2>/dev/null; true")).isEmpty();
        return guest.text("cat /tmp/done").replace("\n", ", ");
    }

    /** The process that serves the folder from now on. */
    private String next() {
        MatchResult next = guest.vmm().err().await(connected, "work: connected to process (\\d+)", LONG);
        connected = next.end();
        return next.group(1);
    }

    /** Waits until something in the folder has changed, and then something else. */
    private void goesOn() {
        String changed = "touch \"$1/mark\"; until [ -n \"$(find \"$1/shared\" -newer \"$1/mark\" 2>/dev/null)\" ];"
                + " do sleep 0.1; done";
        for (int i = 0; i < 2; i++) {
            host.run(LONG, Command.script(changed, folder)).orThrow();
        }
    }

    private void holdsTheSame(String what) {
        assertThat(guest.run("cd /mnt && " + SUMS, LONG).orThrow().text())
                .as(what)
                .isEqualTo(host.run(LONG, Command.script("cd \"$1/shared\" && " + SUMS, folder))
                        .orThrow()
                        .text());
    }

    /** A name that is looked up is open in the daemon until the guest has forgotten it as often: one count too many shows. */
    private void isForgotten(int least) {
        guest.run("ls -lR /mnt >/dev/null", LONG).orThrow();
        assertThat(open().number()).as("known").isGreaterThan(least + LEAST_KNOWN);
        guest.text(FolderWork.DROP);
        open().await(least);
    }

    private Descriptors open() {
        return new Descriptors(host, daemon, folder + "/shared");
    }

    private String said() {
        return guest.vmm().err().text();
    }
}
