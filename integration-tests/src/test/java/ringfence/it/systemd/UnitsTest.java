package ringfence.it.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.fault.Card;
import ringfence.it.fault.KillGuest;
import ringfence.it.fuse.Created;
import ringfence.it.fuse.FuseSession;
import ringfence.it.fuse.OpenFiles;
import ringfence.it.lab.Checkout;
import ringfence.journal.Rings;
import ringfence.linux.Linux;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.PeerException;
import ringfence.virtio.BlkLayout;

/** The package is installed and its units run: a front-end is served across restarts and SIGKILLs of each daemon. */
@Timeout(300)
class UnitsTest {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);
    private static final String RESTART = "restart";
    private static final String KILL = "kill --signal=KILL";
    private static final List<String> ENDS = List.of(RESTART, KILL, RESTART, KILL);
    private static final String TAP = "rfunit0";
    private static final String HERE = "198.51.100.37";
    private static final String THERE = "198.51.100.38";

    @TempDir
    static Path folder;

    private static SystemdHost host;

    private final Linux linux = Linux.system();

    @BeforeAll
    static void theHost() throws Exception {
        assumeThat(Linux.system().processes().effectiveUser() == 0 && SystemdHost.isPossible())
                .as("root with systemd and control groups")
                .isTrue();
        host = SystemdHost.start(folder, Package.make());
    }

    @AfterAll
    static void itEnds() throws Exception {
        if (host != null) {
            host.close();
        }
    }

    private static void write(String path, String text) throws IOException {
        Files.writeString(host.file(path), text);
    }

    private static Path listen(String kind, String instance, String options) throws Exception {
        write("/etc/ringfence/" + kind + "/" + instance + ".conf", "OPTIONS=" + options + "\n");
        host.succeed("systemctl", "start", "ringfence-" + kind + "@" + instance + ".socket");
        return host.file("/run/ringfence/" + kind + "/" + instance + ".sock");
    }

    private static void image(String name, long size) throws Exception {
        String path = "/var/lib/ringfence/" + name;
        host.succeed("truncate", "--size=" + size, path);
        host.succeed("chgrp", "ringfence", path);
        host.succeed("chmod", "660", path);
    }

    private static void end(String unit, String how) throws Exception {
        host.succeed(("systemctl " + how + " " + unit).split(" ", -1));
    }

    @Test
    void aDiskIsServedAcrossRestartsAndKills() throws Exception {
        image("disk.img", 1 << 20);
        String socket =
                listen("blk", "disk", "--blk-file=/var/lib/ringfence/disk.img").toString();
        String unit = "ringfence-blk@disk.service";
        assertThat(host.property(unit, "ActiveState")).isEqualTo("inactive");
        Set<String> served = new HashSet<>();
        try (KillGuest guest = new KillGuest(linux, 1)) {
            guest.connect(socket, PATIENCE);
            for (int round = 0; round <= ENDS.size(); round++) {
                guest.ram().set(ValueLayout.JAVA_INT, KillGuest.data(0), round);
                assertThat(guest.request(BlkLayout.T_OUT, 8L * round, PATIENCE)).isEqualTo(BlkLayout.S_OK);
                assertThat(host.property(unit, "StatusText")).isEqualTo("serving /var/lib/ringfence/disk.img");
                served.add(host.property(unit, "MainPID"));
                if (round < ENDS.size()) {
                    end(unit, ENDS.get(round));
                    guest.lost();
                    guest.connect(socket, PATIENCE);
                }
            }
            for (int round = 0; round <= ENDS.size(); round++) {
                assertThat(guest.request(BlkLayout.T_IN, 8L * round, PATIENCE)).isEqualTo(BlkLayout.S_OK);
                assertThat(guest.ram().get(ValueLayout.JAVA_INT, KillGuest.data(0)))
                        .isEqualTo(round);
            }
        }
        assertThat(served).as("processes").hasSize(ENDS.size() + 1);
    }

    @Test
    void aMountOutlivesRestartsAndKills() throws Exception {
        host.succeed("install", "--directory", "--owner=ringfence-fs", "/srv/share");
        Path socket = listen("fs", "work", "--shared-dir=/srv/share");
        String unit = "ringfence-fs@work.service";
        Set<String> served = new HashSet<>();
        try (FuseSession fuse = FuseSession.open(linux, socket)) {
            fuse.guest().recoveryAt(socket);
            Created file = fuse.names().create(ROOT, "file", OpenFiles.RDWR, 0644);
            Created unlinked = fuse.names().create(ROOT, "unlinked", OpenFiles.RDWR, 0644);
            fuse.names().unlink(ROOT, "unlinked");
            for (int round = 0; round <= ENDS.size(); round++) {
                byte[] text = ("round " + round).getBytes(StandardCharsets.US_ASCII);
                for (Created one : List.of(file, unlinked)) {
                    fuse.files().write(one.entry().node(), one.opened().handle(), 0, text);
                    assertThat(fuse.files()
                                    .read(one.entry().node(), one.opened().handle(), 0, 100))
                            .isEqualTo(text);
                }
                assertThat(host.property(unit, "StatusText")).isEqualTo("sharing /srv/share");
                served.add(host.property(unit, "MainPID"));
                if (round < ENDS.size()) {
                    end(unit, ENDS.get(round));
                }
            }
        }
        assertThat(served).as("processes").hasSize(ENDS.size() + 1);
        assertThat(host.file("/srv/share/file")).hasContent("round " + ENDS.size());
    }

    /** With the drop-in that docs/systemd.md shows. */
    @Test
    void aFolderMayHaveFilesOfMany() throws Exception {
        String document = Files.readString(Checkout.find().root().resolve("docs/systemd.md"));
        int begin = document.indexOf("```ini\n[Service]\nUser=root\n") + "```ini\n".length();
        Path folderOf = Files.createDirectories(folder.resolve("units/ringfence-fs@many.service.d"));
        Files.writeString(folderOf.resolve("many.conf"), document.substring(begin, document.indexOf("```", begin)));
        host.succeed("systemctl", "daemon-reload");
        host.succeed("install", "--directory", "--mode=777", "/srv/many");
        Path socket = listen("fs", "many", "--shared-dir=/srv/many");
        try (FuseSession fuse = FuseSession.open(linux, socket)) {
            fuse.user(1000, 1000);
            fuse.names().create(ROOT, "theirs", OpenFiles.RDWR, 0644);
            fuse.user(0, 0);
            fuse.names().create(ROOT, "roots", OpenFiles.RDWR, 0644);
        }
        assertThat(host.succeed("stat", "--format=%u:%g", "/srv/many/theirs", "/srv/many/roots"))
                .isEqualTo("1000:1000\n0:0");
    }

    /** What comes while a killed one has no successor waits; one that ends in order has given its queues back. */
    @Test
    void aTapOutlivesRestartsAndKillsAndKeepsWhatComesAfterAKill() throws Exception {
        host.succeed("ip", "tuntap", "add", "dev", TAP, "mode", "tap", "multi_queue", "group", "ringfence");
        try {
            host.succeed("ip", "link", "set", TAP, "up");
            host.succeed("ip", "addr", "add", HERE + "/30", "dev", TAP);
            host.succeed("ip", "neigh", "add", THERE, "lladdr", "52:54:00:00:00:77", "dev", TAP);
            Path socket = listen("net", "lan", "--backend=tap=" + TAP);
            String unit = "ringfence-net@lan.service";
            Set<String> served = new HashSet<>();
            for (int round = 0; round <= ENDS.size(); round++) {
                try (Frontend frontend = connected(socket);
                        Card card = new Card(linux, frontend)) {
                    String text = "round " + round;
                    boolean waits = round > 0 && ENDS.get(round - 1).equals(KILL);
                    assertThat(card.nextPayload(waits ? () -> {} : () -> send(text)))
                            .isEqualTo(text);
                    assertThat(host.property(unit, "NFileDescriptorStore")).isEqualTo("1");
                    served.add(host.property(unit, "MainPID"));
                    if (round < ENDS.size()) {
                        end(unit, ENDS.get(round));
                    }
                    if (round < ENDS.size() && ENDS.get(round).equals(KILL)) {
                        send("round " + (round + 1));
                    }
                }
            }
            assertThat(served).as("processes").hasSize(ENDS.size() + 1);
        } finally {
            host.run("systemctl", "stop", "ringfence-net@lan.socket", "ringfence-net@lan.service");
            host.run("ip", "link", "del", TAP);
        }
    }

    private Frontend connected(Path socket) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE;
        while (true) {
            try {
                Frontend frontend = Frontend.connect(linux, socket.toString(), FrontendOptions.defaults());
                frontend.hello(ProtocolFeature.mask(ProtocolFeature.MQ));
                return frontend;
            } catch (PeerException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                Thread.sleep(10);
            }
        }
    }

    private static void send(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(bytes, bytes.length, InetAddress.ofLiteral(THERE), 7));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A guest that does nothing, by whatever KVM this machine has: what counts here are its unit and those of its devices. */
    @Test
    void aVmOfAFileRunsOnUnitsThatAreRestartedAndKilled() throws Exception {
        assumeThat(Files.exists(Path.of("/dev/kvm"))).as("some KVM").isTrue();
        image("vm.img", 1 << 20);
        listen("blk", "vm", "--blk-file=/var/lib/ringfence/vm.img");
        host.succeed("install", "--directory", "--owner=ringfence-fs", "/srv/vm");
        listen("fs", "vm", "--shared-dir=/srv/vm");
        listen("net", "vm", "--backend=switch");
        Files.write(host.file("/var/lib/ringfence/idle"), IdleKernel.file());
        write("/etc/ringfence/vm/vm.json", """
            {"payload": {"kernel": "/var/lib/ringfence/idle"}, "memory": {"size": 134217728},
             "disks": [{"vhost_user": true, "vhost_socket": "/run/ringfence/blk/vm.sock"}],
             "fs": [{"tag": "work", "socket": "/run/ringfence/fs/vm.sock"}],
             "net": [{"vhost_user": true, "vhost_socket": "/run/ringfence/net/vm.sock"}],
             "serial": {"mode": "Null"}, "console": {"mode": "Off"}}
            """);
        Path here = Files.createDirectories(folder.resolve("units/ringfence@.service.d"));
        Files.writeString(
                here.resolve("here.conf"),
                "[Service]\nEnvironment=RINGFENCE_ANY_KVM=1\nTimeoutStopSec=2\nWatchdogSec=10\n");
        host.succeed("systemctl", "daemon-reload");
        host.succeed("systemctl", "start", "ringfence@vm.service");
        assertThat(host.property("ringfence@vm.service", "StatusText")).isEqualTo("the guest runs");
        String pid = host.property("ringfence@vm.service", "MainPID");
        Map<String, Integer> before = new LinkedHashMap<>();
        for (String how : List.of(RESTART, KILL)) {
            for (String kind : List.of("blk", "fs", "net")) {
                end("ringfence-" + kind + "@vm.service", how);
            }
        }
        for (String device : List.of("_disk0", "_fs0", "_net0")) {
            awaitReconnection(device, 0);
        }
        for (String device : List.of("_disk0", "_fs0", "_net0")) {
            before.put(device, reconnections(device));
        }
        for (String kind : List.of("blk", "fs", "net")) {
            end("ringfence-" + kind + "@vm.service", "kill --signal=STOP"); // and its watchdog bites
        }
        for (String device : List.of("_disk0", "_fs0", "_net0")) {
            awaitReconnection(device, before.get(device));
        }
        assertThat(host.property("ringfence@vm.service", "MainPID")).isEqualTo(pid);
        assertThat(host.property("ringfence-journal.service", "ActiveState")).isEqualTo("active");
        theWatchdogBitesAVmmThatIsStoppedAndNotForItsGuest(pid);
        ctl("shutdown-vmm");
        awaitInactive("ringfence@vm.service");
        assertThat(host.property("ringfence@vm.service", "Result")).isEqualTo("success");
        host.succeed("systemctl", "start", "ringfence@vm.service");
        host.run("systemctl", "stop", "ringfence@vm.service");
        assertThat(host.property("ringfence@vm.service", "MainPID")).isEqualTo("0");
        assertThat(host.property("ringfence@vm.service", "ExecStop"))
                .as("its button was pressed, and it was waited for")
                .contains("code=killed");
        journalHas("\"event\":\"booted\"", "\"event\":\"device-lost\"", "\"event\":\"end\"");
    }

    private static void theWatchdogBitesAVmmThatIsStoppedAndNotForItsGuest(String pid) throws Exception {
        String unit = "ringfence@vm.service";
        ctl("pause");
        Thread.sleep(TimeUnit.SECONDS.toMillis(13)); // longer than the watchdog's patience
        assertThat(host.property(unit, "MainPID")).as("the guest is paused").isEqualTo(pid);
        ctl("resume");
        end(unit, "kill --signal=STOP");
        long deadline = System.nanoTime() + PATIENCE;
        while (!host.property(unit, "NRestarts").equals("1")
                || !host.property(unit, "ActiveState").equals("active")) {
            assertThat(System.nanoTime()).as("it is started again").isLessThan(deadline);
            Thread.sleep(50);
        }
        assertThat(host.property(unit, "MainPID")).isNotEqualTo(pid);
        assertThat(host.property(unit, "StatusText")).isEqualTo("the guest runs");
    }

    /** What its service has kept of VMs that have ended, with their rings, which it has removed then. */
    private static void journalHas(String... texts) throws Exception {
        Path rings = host.file("/run/ringfence-vms/ringfence/journal");
        long deadline = System.nanoTime() + PATIENCE;
        while (!Rings.names(rings).isEmpty()) {
            assertThat(System.nanoTime()).as("rings are drained").isLessThan(deadline);
            Thread.sleep(50);
        }
        assertThat(host.succeed("ringfence", "events", "--store=/var/lib/ringfence-journal"))
                .contains(texts);
    }

    private static String ctl(String word) throws Exception {
        return host.succeed("ringfence", "ctl", "--api-socket", "/run/ringfence-vm/vm/api.sock", word);
    }

    /** Successors so far of a device's daemon; -1: none is connected. */
    private static int reconnections(String device) throws Exception {
        Matcher counted = Pattern.compile("\"" + device + "\":\\{\"connected\":1,[^}]*\"reconnects\":([0-9]+)")
                .matcher(ctl("counters"));
        return counted.find() ? Integer.parseInt(counted.group(1)) : -1;
    }

    private static void awaitReconnection(String device, int more) throws Exception {
        long deadline = System.nanoTime() + PATIENCE;
        while (reconnections(device) <= more) {
            assertThat(System.nanoTime()).as(device).isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    private static void awaitInactive(String unit) throws Exception {
        long deadline = System.nanoTime() + PATIENCE;
        while (!host.property(unit, "ActiveState").equals("inactive")) {
            assertThat(System.nanoTime()).as("it ends").isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    @Test
    void whatCannotBeServedIsNotTriedForEver() throws Exception {
        Path socket = listen("blk", "none", "--blk-file=/no/such.img");
        assertThat(host.run("systemctl", "start", "ringfence-blk@none.service").code())
                .isNotZero();
        assertThat(host.property("ringfence-blk@none.service", "ExecMainStatus"))
                .isEqualTo("2");
        assertThat(host.property("ringfence-blk@none.service", "NRestarts")).isEqualTo("0");
        assertThat(host.log()).contains("vhost-user-blk: image /no/such.img");
        assertThat(socket)
                .as("a mended configuration needs no more than a start")
                .exists();
    }

    @Test
    void systemdHasNothingToSayOfThem() throws Exception {
        for (String kind : List.of("-blk", "-fs", "-net")) {
            assertThat(host.succeed(
                            "systemd-analyze",
                            "verify",
                            "--man=no",
                            "ringfence" + kind + "@x.service",
                            "ringfence" + kind + "@x.socket"))
                    .isEmpty();
        }
        for (String unit : List.of("ringfence@x.service", "ringfence-journal.service", "ringfence-journal.path")) {
            assertThat(host.succeed("systemd-analyze", "verify", "--man=no", unit))
                    .isEmpty();
        }
    }
}
