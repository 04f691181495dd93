package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.stream.Collectors;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.Iperf;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LabException;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.Program;
import ringfence.it.lab.Transcript;
import ringfence.it.lab.Vmm;

/** One guest under whose connections the network's daemon is killed, again and again. */
final class NetDaemonDeaths {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final int MOST_MILLIS_BETWEEN = 1000;
    private static final int DAY = 86_400;
    private static final String HERE = "192.0.2.65";
    /** Random bytes until the file is there; their sum goes to another. */
    private static final String UNTIL =
            "until [ -e $stop ]; do dd if=/dev/urandom bs=64k count=4 2>/dev/null; done | tee $copy";

    private final KvmHost host;
    private final Random random;
    private final int killsUnderIperf;
    private final boolean standby;
    /** Where in the VMM's log its next connection to a daemon will stand. */
    private int connected;

    private int kills;
    private Guest guest;
    private Transcript said;
    /** What both ends know of a traffic that stands still. */
    private String standing = "not asked for";

    /**
     * @param seed of the moments at which the daemon dies
     * @param killsUnderIperf so often, and once before
     * @param standby whether another daemon waits, which is warm then
     */
    NetDaemonDeaths(KvmHost host, long seed, int killsUnderIperf, boolean standby) {
        this.host = host;
        this.random = new Random(seed);
        this.killsUnderIperf = killsUnderIperf;
        this.standby = standby;
    }

    /**
     * One connection each way and iperf3 both ways, on a tap that each daemon leaves to its successor. All go on after each
     * death, and the first two bring what was sent.
     *
     * @param timed whether the gaps keep to their bar: on a host that does nothing else
     */
    void connectionsOutliveThem(boolean timed) throws InterruptedException {
        String folder = host.script(
                        "[ -c /dev/net/tun ] || modprobe tun; mktemp -d \"$1/net-XXXXXX\"",
                        host.places().scratch())
                .text();
        boolean iperf = Iperf.isThere(host);
        GuestSpec spec = GuestSpec.kernel("6.1")
                .cpus(2)
                .options(
                        "-v",
                        "--net",
                        "tap=rfnet9,ip=" + HERE + ",mask=255.255.255.252,host_mac=52:54:00:12:35:00"
                                + (standby ? ",standby=on" : ""));
        Command vmm = new Vmm.Ringfence().command(host, iperf ? spec.withIperf() : spec);
        try (Guest guest = Guest.of(host, host.start(NetworkOf.alone(vmm)))) {
            this.guest = guest;
            said = guest.vmm().err();
            guest.awaitReady();
            NetworkOf network = new NetworkOf(host, guest.vmm().pid());
            Program toHost = network.start(Command.script("busybox nc -l -p 7101 >\"$1/got\"", folder));
            Program toGuest = network.start(Command.script(
                    "cd \"$1\"; stop=stop copy=copy; mkfifo copy; md5sum <copy & " + UNTIL
                            + " | busybox nc -l -p 7102; wait",
                    folder));
            guest.text("ip addr add 192.0.2.66/30 dev eth0 && ip link set eth0 up && ping -c 2 -W 10 " + HERE);
            guest.text("cd /tmp; stop=stop copy=copy; mkfifo copy quiet; (md5sum <copy >sent & " + UNTIL + " | nc "
                    + HERE + " 7101; wait; echo >all-sent) & (nc " + HERE
                    + " 7102 <>quiet | md5sum >got; echo >all-got) &");
            String tap = tap(network);
            kill(guest, folder, 1);
            if (iperf) {
                killUnderIperf(new Iperf(network, guest, HERE), folder);
            } else {
                kill(guest, folder, killsUnderIperf);
            }
            long bytes = grows(folder);
            host.run("touch", folder + "/stop");
            guest.text("touch /tmp/stop");
            String sent = toGuest.await(LONG).orThrow().text();
            toHost.await(LONG).orThrow();
            guest.run("until [ -e /tmp/all-sent ] && [ -e /tmp/all-got ]; do usleep 100000; done", LONG);
            assertThat(guest.text("cat /tmp/got")).as("what the guest got").isEqualTo(sent);
            assertThat(host.run(LONG, Command.script("md5sum <\"$1/got\"", folder))
                            .text())
                    .as("what the host got")
                    .isEqualTo(guest.text("cat /tmp/sent"));
            DeviceGaps gaps = DeviceGaps.in(said.text(), "_net0");
            System.out.println("counted: " + kills + " kills of the network's daemon under two connections"
                    + (standby ? ", with a standby, " : ", ") + bytes + " bytes from the guest, " + gaps);
            if (timed) {
                gaps.keepToTheirBar(standby);
            }
            assertThat(tap(network)).as("the tap").isEqualTo(tap);
            assertThat(guest.text("cat /sys/class/net/eth0/carrier")).isEqualTo("1");
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } catch (LabException e) {
            System.out.println("after " + kills + " kills; the VMM said:\n" + (said == null ? "nothing" : said.text()));
            e.addSuppressed(new LabException("where both ends stand: " + standing));
            throw e;
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    /** All kills but the first under one run of iperf3, which goes on until it is told to end: it has met no error. */
    private void killUnderIperf(Iperf iperf, String folder) throws InterruptedException {
        Guest guest = iperf.guest();
        grows(folder);
        // under emulation a successor would wait for the processor, which a look at the clock each millisecond takes,
        // too
        String rate = host.slowness() > 1 ? "4M --pacing-timer 100000" : "0";
        try (Program server = iperf.server()) {
            guest.text("cd /tmp; (" + iperf.patientClient(DAY, "--forceflush --bidir -b " + rate)
                    + " >iperf 2>iperf-errors; echo >iperf-ended) &");
            kill(guest, folder, killsUnderIperf);
            daemon(guest);
            grows(folder);
            flows("from=$(wc -l </tmp/iperf); for way in TX RX; do until [ -e /tmp/iperf-ended ]"
                    + " || tail -n +$from /tmp/iperf | grep -qE \"$way-C.* [1-9][0-9.]* Kbits\";"
                    + " do usleep 500000; done; done");
            assertThat(server.isRunning()).as("iperf3 goes on").isTrue();
            guest.text("[ ! -e /tmp/iperf-ended ] && kill -TERM $(pidof iperf3)");
            guest.run("until [ -e /tmp/iperf-ended ]; do usleep 100000; done", LONG);
            assertThat(guest.text("cat /tmp/iperf-errors")).isEqualTo("iperf3: interrupt - the client has terminated");
            String said = guest.text("grep -E 'TX-C.*sender|RX-C.*receiver' /tmp/iperf");
            System.out.println("counted: " + killsUnderIperf + " kills under iperf3: "
                    + said.lines().collect(Collectors.joining("; ")));
        }
    }

    private void flows(String untilItDoes) {
        try {
            guest.run(untilItDoes, LONG).orThrow();
        } catch (LabException e) {
            standing = standing();
            throw e;
        }
    }

    /** So often: waits until traffic goes on by a daemon other than the last, and kills that at some moment. */
    private void kill(Guest guest, String folder, int times) throws InterruptedException {
        for (int i = 0; i < times; i++) {
            String daemon = daemon(guest);
            grows(folder);
            if (standby) {
                Standby.awaitWarm(host, guest, daemon, "rfnet9");
            }
            Thread.sleep(random.nextInt(MOST_MILLIS_BETWEEN));
            assertThat(host.run(LONG, Command.of("kill", "-9", daemon)).status())
                    .as(() -> "process " + daemon + " is the daemon after " + kills + " kills; the VMM said:\n"
                            + guest.vmm().err().text())
                    .isZero();
            kills++;
        }
    }

    /** Its line of {@code ip link}, with the number that a new one would not have. */
    private static String tap(NetworkOf network) {
        return network.start(Command.script("busybox ip -o link show rfnet9"))
                .await(LONG)
                .orThrow()
                .text();
    }

    private String standing() {
        String look = "for i in 1 2; do cat /proc/net/dev /proc/net/tcp /proc/net/arp /proc/interrupts; sleep 3; done";
        try {
            return "guest:\n" + guest.text(look) + "\nhost:\n"
                    + new NetworkOf(host, guest.vmm().pid())
                            .start(Command.script(look))
                            .await(LONG)
                            .text();
        } catch (LabException e) {
            return e.getMessage();
        }
    }

    /** The process that the VMM connects to next, as its log says. */
    private String daemon(Guest guest) {
        MatchResult next = guest.vmm().err().await(connected, "connected to process (\\d+)", LONG);
        connected = next.end();
        return next.group(1);
    }

    /** Waits until more than what any buffer holds has come from the guest. @return how much has come in all */
    private long grows(String folder) {
        try {
            return Long.parseLong(host.run(
                            LONG,
                            Command.script(
                                    "size() { stat -c %s got; }; cd \"$1\"; from=$(size);"
                                            + " until [ $(size) -gt $((from + 262144)) ]; do sleep 0.1; done; size",
                                    folder))
                    .orThrow()
                    .text());
        } catch (LabException e) {
            standing = standing();
            throw e;
        }
    }
}
