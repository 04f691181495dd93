package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.fuse.GuestProgram;
import ringfence.it.lab.ApiCaller;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.VmmApi;

/** A Debian guest as a sandbox of Kata Containers': it sees each device come and go, in the order in which Kata has them. */
@OnKvmHost
class KataGuestTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final String SUM = "sha256sum | cut -c 1-64";
    private static final String VM = "{\"console\":{\"iommu\":false,\"mode\":\"Off\"},\"cpus\":{\"boot_vcpus\":1,"
        + "\"kvm_hyperv\":false,\"max_vcpus\":2,\"nested\":true,\"topology\":{\"cores_per_die\":2,"
        + "\"dies_per_package\":1,\"packages\":1,\"threads_per_core\":1}},\"disks\":[{\"direct\":false,"
        + "\"image_type\":\"Raw\",\"iommu\":false,\"num_queues\":1,\"path\":\"DIR/image\",\"queue_size\":128,"
        + "\"readonly\":true,\"vhost_user\":false}],\"fs\":[{\"num_queues\":1,\"pci_segment\":1,\"queue_size\":1024,"
        + "\"socket\":\"DIR/virtiofsd.sock\",\"tag\":\"kataShared\"}],\"memory\":{\"hotplug_method\":\"Acpi\","
        + "\"hotplug_size\":1073741824,\"shared\":true,\"size\":536870912},\"payload\":{\"cmdline\":\"console=ttyS0,115200n8"
        + " panic=1 no_timer_check noreplace-smp quiet mitigations=off guest=agent\","
        + "\"initramfs\":\"INITRAMFS\",\"kernel\":\"KERNEL\"},\"platform\":{\"num_pci_segments\":2,\"sev_snp\":false,"
        + "\"tdx\":false},\"rng\":{\"iommu\":false,\"src\":\"/dev/urandom\"},"
        + "\"serial\":{\"iommu\":false,\"mode\":\"Tty\"},\"vsock\":{\"cid\":3,\"iommu\":false,\"socket\":"
        + "\"DIR/clh.sock\"},\"watchdog\":false}";
    private static final String NET = "{\"iommu\":false,\"ip\":\"192.168.249.1\",\"mac\":\"MAC\","
            + "\"mask\":\"255.255.255.0\",\"num_queues\":2,\"queue_size\":256,\"vhost_mode\":\"Client\","
            + "\"vhost_user\":false}";
    private static final String DISK = "{\"direct\":false,\"image_type\":\"Raw\",\"iommu\":false,\"num_queues\":1,"
            + "\"path\":\"DIR/volume\",\"queue_size\":1024,\"readonly\":false,\"vhost_user\":false}";
    /** Where an agent of Kata's listens in the guest. */
    private static final int AGENT = 1024;

    private static final int DIALS = 20;

    private static final String FIRST = "02:00:ca:fe:00:01";
    private static final String SECOND = "02:00:ca:fe:00:02";

    @Test
    void aGuestSeesEachDeviceComeAndGo(KvmHost host) throws IOException, InterruptedException {
        host.script("[ -c /dev/net/tun ] || modprobe tun");
        String scratch = host.script(
                        "mktemp -d \"$1/kata-XXXXXX\"", host.places().scratch())
                .text();
        host.script(
                "cd \"$1\"; truncate -s 16M image; dd if=/dev/urandom of=volume bs=256k count=4 2>/dev/null", scratch);
        FolderTools.put(host, scratch + "/shared", GuestProgram.VSOCK);
        host.script("echo shared >\"$1/shared/file\"", scratch);
        try (Program virtiofsd = folder(host, scratch);
                Guest guest = Guest.of(
                        host,
                        host.start(Command.of(host.places().program("cloud-hypervisor"))
                                .with("--api-socket", scratch + "/clh-api.sock")));
                ApiCaller api = caller(host, scratch + "/clh-api.sock")) {
            done(api.put(
                    "vm.create",
                    VM.replace("DIR", scratch)
                            .replace("KERNEL", host.places().kernel("6.12", "vmlinuz"))
                            .replace("INITRAMFS", host.places().kernel("6.12", "initramfs"))));
            done(api.addNet(NET.replace("MAC", FIRST)));
            done(api.put("vm.boot", ""));
            guest.awaitReady();
            assertThat(guest.text("cat /sys/class/net/eth0/address")).isEqualTo(FIRST);
            assertThat(guest.text("cat /sys/block/vda/ro")).isEqualTo("1");
            assertThat(guest.text("mkdir /shared; mount -t virtiofs kataShared /shared; cat /shared/file"))
                    .isEqualTo("shared");
            assertThat(guest.text("ls /sys/bus/pci/devices | grep ^0001:")).isEqualTo("0001:00:00.0");
            dialAgent(host, guest, scratch);
            String disk = plugged(api.put("vm.add-disk", DISK.replace("DIR", scratch)));
            appears(guest, "/dev/vdb");
            assertThat(guest.text("cat /dev/vdb | " + SUM))
                    .isEqualTo(
                            host.script("cat \"$1/volume\" | " + SUM, scratch).text());
            String net = plugged(api.addNet(NET.replace("MAC", SECOND)));
            appears(guest, "/sys/class/net/eth1");
            assertThat(guest.text("cat /sys/class/net/eth1/address")).isEqualTo(SECOND);
            done(api.put("vm.remove-device", "{\"id\":\"" + disk + "\"}"));
            disappears(guest, "/dev/vdb");
            done(api.put("vm.remove-device", "{\"id\":\"" + net + "\"}"));
            disappears(guest, "/sys/class/net/eth1");
            done(api.put("vm.pause", ""));
            done(api.put("vm.resume", ""));
            assertThat(guest.text("umount /shared; cat /sys/class/net/eth0/address"))
                    .isEqualTo(FIRST);
            assertThat(guest.complaints()).isEmpty();
            assertThat(api.put("vmm.shutdown", "").status()).isEqualTo(200);
            assertThat(guest.awaitEnd().status()).isZero();
            assertThat(virtiofsd.isRunning()).isTrue();
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }

    /** It is dialled again and again, as long as nobody listens; then each dial is answered with OK and its bytes. */
    private static void dialAgent(KvmHost host, Guest guest, String scratch) {
        String dial = "cd \"$1\"; shared/vsock %s clh.sock " + AGENT + " %d %s";
        host.run(LONG, Command.script(dial.formatted("refused", DIALS, ""), scratch))
                .orThrow();
        guest.text("(/shared/vsock echo " + AGENT + " 2>/run/agent &) ; n=0; until grep -q ready /run/agent; do"
                + " n=$((n + 1)); [ $n -lt 300 ] || exit 1; usleep 100000; done");
        host.run(LONG, Command.script(dial.formatted("many", DIALS, "1000"), scratch))
                .orThrow();
        guest.text("killall vsock");
    }

    private static Program folder(KvmHost host, String scratch) {
        Program daemon = host.start(Command.of(host.places().program("vhost-user-fs"))
                .with("--socket-path", scratch + "/virtiofsd.sock", "--shared-dir", scratch + "/shared")
                .with("--cache", "auto", "--sandbox", "none", "--seccomp", "none", "--thread-pool-size=1"));
        daemon.err().await(0, "Waiting for vhost-user socket connection", LONG);
        return daemon;
    }

    private static ApiCaller caller(KvmHost host, String socket) {
        host.script("n=0; until [ -S \"$1\" ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.1; done", socket);
        return new ApiCaller(host, socket);
    }

    private static void done(VmmApi.Answer answer) {
        assertThat(answer).isEqualTo(new VmmApi.Answer(204, ""));
    }

    /** @return its name */
    private static String plugged(VmmApi.Answer answer) {
        Matcher told = Pattern.compile("\\{\"id\":\"(.*)\",\"bdf\":\"0000:00:[0-9a-f]{2}\\.0\"}")
                .matcher(answer.body());
        assertThat(told.matches()).as(answer.toString()).isTrue();
        assertThat(answer.status()).isEqualTo(200);
        return told.group(1);
    }

    private static void appears(Guest guest, String path) {
        guest.text("n=0; until [ -e " + path + " ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; usleep 100000; done");
    }

    private static void disappears(Guest guest, String path) {
        guest.text("n=0; while [ -e " + path + " ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; usleep 100000; done");
    }
}
