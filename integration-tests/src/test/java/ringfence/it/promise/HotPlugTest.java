package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.ApiCaller;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;
import ringfence.it.lab.VmmApi;

/** Debian guests whose devices come and go while they run, and whose power button is pressed. */
@OnKvmHost
class HotPlugTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    /** How often a disk and a network card are added and removed; a soak does it more often. */
    private static final int TIMES = Integer.getInteger("ringfence.promise.plugs", 5);

    /** From then on nothing may grow: of many, the first still have a Java runtime load and compile, 10 MiB in the lab. */
    private static final int FIRST_COUNTED = TIMES < 100 ? 0 : 19;

    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime() >>> 20);
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;
    private static final String SUM = "sha256sum | cut -c 1-64";
    private static final String HERE = "192.0.2.1";
    private static final Pattern STAMPED = Pattern.compile("(stamp: writes=(\\d+) .*errors=(\\d+))\\s+stamped (\\d+)");
    /** KEY_POWER of an event of the power button, as linux/input.h lays it out: type, code, value. */
    private static final String PRESSED = "0001 0074 0001";

    /** The guest writes to another disk meanwhile: not one write is lost, late or misplaced. */
    @Test
    void aDiskAndANetComeAndGoUnderLoad(KvmHost host) {
        System.out.println("hot-plug under a guest's writes: -Dringfence.seed=" + SEED);
        host.script("[ -c /dev/net/tun ] || modprobe tun");
        String scratch = host.script(
                        "mktemp -d \"$1/plug-XXXXXX\"", host.places().scratch())
                .text();
        host.script(
                "cd \"$1\"; truncate -s 16M stamped; dd if=/dev/urandom of=hot bs=256k count=4 2>/dev/null", scratch);
        String socket = scratch + "/api";
        GuestSpec spec = GuestSpec.kernel("6.1")
                .disk(GuestDisk.image(scratch + "/stamped"))
                .commandLine("root=")
                .options("--api-socket", socket);
        Command vmm = NetworkOf.alone(new Vmm.Ringfence().command(host, spec));
        try (Guest guest = Guest.of(host, host.start(vmm));
                ApiCaller api = caller(host, guest.awaitReady(), socket)) {
            guest.run("(stamp /dev/vda 86400 1 " + SEED + "; echo stamped $?) >/run/stamp 2>&1 &")
                    .orThrow();
            String process = Long.toString(guest.vmm().pid());
            Usage usage = null;
            for (int i = 0; i < TIMES; i++) {
                disk(host, guest, api, scratch + "/hot");
                net(guest, api);
                await(host, guest, api);
                if (i % 20 == 19) {
                    System.out.println("hot-plug: " + (i + 1) + " of " + TIMES + ", " + Footprint.of(host, process));
                }
                if (i == FIRST_COUNTED) {
                    usage = Usage.of(host, List.of(process, Daemons.await(host, guest, "none")));
                }
            }
            String used = usage.assertNotGrown();
            pressed(guest, api);
            Matcher result = STAMPED.matcher(guest.run(
                            "kill -TERM $(pidof stamp); until grep -q ^stamped /run/stamp; do usleep 100000; done;"
                                    + " tail -n 5 /run/stamp",
                            LONG)
                    .orThrow()
                    .text());
            assertThat(result.find()).as("what stamp says").isTrue();
            System.out.println("counted: " + TIMES + " times a disk and a net came and went, " + result.group(1)
                    + "; VMM and daemon after " + (FIRST_COUNTED + 1) + ": " + used);
            assertThat(Long.parseLong(result.group(2))).isPositive();
            assertThat(result.group(3)).isEqualTo("0");
            assertThat(result.group(4)).isEqualTo("0");
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }

    /**
     * The other kernel. What came is there after a reboot, and though the guest ejects it unasked; a folder comes and goes on
     * the second PCI segment.
     */
    @Test
    void aGuestKeepsWhatCameUntilItsHostAsksForIt(KvmHost host) {
        String scratch = host.script(
                        "mktemp -d \"$1/plug-XXXXXX\"", host.places().scratch())
                .text();
        host.script(
                "cd \"$1\"; dd if=/dev/urandom of=hot bs=256k count=4 2>/dev/null; mkdir folder;"
                        + " echo shared >folder/file",
                scratch);
        String socket = scratch + "/api";
        GuestSpec spec = GuestSpec.kernel("6.12")
                .options("--api-socket", socket, "--platform", "num_pci_segments=2")
                .options("--pci-segment", "pci_segment=1,mmio32_aperture_weight=3,mmio64_aperture_weight=2");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec);
                ApiCaller api = caller(host, guest.awaitReady(), socket)) {
            String data = host.script("cat \"$1/hot\" | " + SUM, scratch).text();
            int slot = add(api, "disk", "\"path\":\"" + scratch + "/hot\"");
            appears(guest, "/dev/vda");
            String power = "/sys/bus/pci/slots/" + slot + "/power";
            guest.text("echo 0 >" + power);
            disappears(guest, "/dev/vda");
            assertThat(api.get("vm.info").body()).contains("hot-disk");
            guest.text("echo 1 >" + power);
            appears(guest, "/dev/vda");
            guest.send("reboot -f");
            guest.awaitReady();
            assertThat(guest.text("cat /dev/vda | " + SUM)).as("after a reboot").isEqualTo(data);
            remove(api, "disk");
            awaitGone(api, "disk");
            disappears(guest, "/dev/vda");
            folder(guest, api, scratch);
            generic(host, guest, api, scratch);
            pressed(guest, api);
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }

    private static ApiCaller caller(KvmHost host, Guest guest, String socket) {
        assertThat(guest.vmm().isRunning()).isTrue();
        return new ApiCaller(host, socket);
    }

    private static void disk(KvmHost host, Guest guest, ApiCaller api, String image) {
        add(api, "disk", "\"path\":\"" + image + "\"");
        appears(guest, "/dev/vdb");
        String written = guest.text("dd if=/dev/urandom of=/dev/vdb bs=64k count=4 2>/dev/null; sync;"
                + " echo 3 >/proc/sys/vm/drop_caches; cat /dev/vdb | " + SUM);
        assertThat(host.script("cat \"$1\" | " + SUM, image).text()).isEqualTo(written);
    }

    private static void net(Guest guest, ApiCaller api) {
        add(
                api,
                "net",
                "\"tap\":\"rfplug\",\"ip\":\"" + HERE + "\",\"mask\":\"255.255.255.0\",\"mac\":\"52:54:00:12:34:56\"");
        appears(guest, "/sys/class/net/eth0");
        assertThat(guest.text("cat /sys/class/net/eth0/address")).isEqualTo("52:54:00:12:34:56");
        guest.text("ip addr add 192.0.2.2/24 dev eth0 && ip link set eth0 up");
        int lost = Integer.parseInt(guest.text(
                "n=0; until ping -c 1 -W 5 " + HERE + " >/dev/null; do n=$((n + 1)); [ $n -lt 10 ] || { ip -s"
                        + " link show eth0; cat /proc/interrupts /proc/net/arp;"
                        + " exit 1; }; done; echo $n"));
        // a guest gives an address up after three seconds, and a daemon that is new may take as long here
        if (lost > 0) {
            System.out.println("hot-plug: " + lost + " pings without an answer; "
                    + api.get("vm.counters").body());
        }
    }

    private static void folder(Guest guest, ApiCaller api, String scratch) {
        String members = "\"tag\":\"hot\",\"pci_segment\":1,\"path\":\"" + scratch + "/folder\"";
        assertThat(add(api, "fs", members)).as("where no host bridge is").isZero();
        String device = "/sys/bus/pci/devices/0001:00:00.0";
        appears(guest, device + "/driver");
        assertThat(guest.text("mkdir /hot; n=0; until mount -t virtiofs hot /hot 2>/dev/null; do n=$((n + 1));"
                        + " [ $n -lt 300 ] || exit 1; usleep 100000; done; cat /hot/file; umount /hot"))
                .isEqualTo("shared");
        remove(api, "fs");
        awaitGone(api, "fs");
        disappears(guest, device);
    }

    /** A disk of which only its daemon knows more than its type: and one that is stopped holds up nobody but the guest's driver. */
    private static void generic(KvmHost host, Guest guest, ApiCaller api, String scratch) {
        Command daemon = Command.of(host.places().program("vhost-user-blk"))
                .with("--socket-path=" + scratch + "/generic", "--blk-file=" + scratch + "/hot");
        try (Program disk = host.start(daemon)) {
            for (boolean stopped : new boolean[] {false, true}) {
                add(
                        api,
                        "generic-vhost-user",
                        "\"device_type\":2,\"queue_sizes\":[64],\"socket\":\"" + scratch + "/generic\"");
                appears(guest, "/dev/vda");
                assertThat(guest.text("cat /dev/vda | " + SUM))
                        .isEqualTo(
                                host.script("cat \"$1/hot\" | " + SUM, scratch).text());
                if (stopped) {
                    disk.signal(SIGSTOP);
                }
                remove(api, "generic-vhost-user");
                if (stopped) {
                    assertThat(api.get("vm.info").body()).contains("hot-generic-vhost-user");
                    disk.signal(SIGCONT);
                }
                awaitGone(api, "generic-vhost-user");
                disappears(guest, "/dev/vda");
            }
        }
    }

    private static void await(KvmHost host, Guest guest, ApiCaller api) {
        remove(api, "disk");
        remove(api, "net");
        awaitGone(api, "disk");
        awaitGone(api, "net");
        disappears(guest, "/dev/vdb");
        disappears(guest, "/sys/class/net/eth0");
        assertThat(Daemons.await(host, guest, "none"))
                .as("the daemon of the disk that stays")
                .isNotEmpty();
    }

    /** @return its slot; a folder is on the second segment */
    private static int add(ApiCaller api, String kind, String members) {
        VmmApi.Answer answer = api.put("vm.add-" + kind, "{\"id\":\"hot-" + kind + "\"," + members + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        Matcher told = Pattern.compile("\\{\"id\":\"hot-" + kind + "\",\"bdf\":\"000" + (kind.equals("fs") ? 1 : 0)
                        + ":00:([0-9a-f]{2})\\.0\"}")
                .matcher(answer.body());
        assertThat(told.matches()).as(answer.body()).isTrue();
        return Integer.parseInt(told.group(1), 16);
    }

    private static void remove(ApiCaller api, String kind) {
        assertThat(api.put("vm.remove-device", "{\"id\":\"hot-" + kind + "\"}")).isEqualTo(new VmmApi.Answer(204, ""));
    }

    /** Asks now and then: who asks all the time takes the processor from the guest. */
    private static void awaitGone(ApiCaller api, String kind) {
        long deadline = System.nanoTime() + LONG.toNanos();
        while (api.get("vm.info").body().contains("hot-" + kind)) {
            assertThat(System.nanoTime()).as(kind + " is gone").isLessThan(deadline);
            LockSupport.parkNanos(200_000_000);
        }
    }

    private static void appears(Guest guest, String path) {
        guest.text("n=0; until [ -e " + path + " ]; do n=$((n + 1)); [ $n -lt 300 ] || { ls /sys/bus/pci/devices;"
                + " dmesg | tail -n 20; exit 1; }; usleep 100000; done");
    }

    private static void disappears(Guest guest, String path) {
        guest.text("n=0; while [ -e " + path + " ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; usleep 100000; done");
    }

    private static void pressed(Guest guest, ApiCaller api) {
        String event = guest.text(
                "cd /sys/class/input; grep -l 'Power Button' event*/device/name | head -n 1 | cut -d / -f 1");
        // who opens it later hears nothing of it
        guest.run("exec 3</dev/input/" + event
                        + "; (dd bs=24 count=1 <&3 2>/dev/null | od -An -tx2 -j16 >/dev/console) &")
                .orThrow();
        int from = guest.console().length();
        assertThat(api.put("vm.power-button", "").status()).isEqualTo(204);
        guest.console().await(from, "^ *" + PRESSED, LONG);
    }
}
