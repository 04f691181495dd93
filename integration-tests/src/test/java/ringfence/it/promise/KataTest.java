package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.TinyKernel;
import ringfence.linux.Child;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Tap;

/**
 * The life of a sandbox as Kata Containers' Go driver for Cloud Hypervisor has it: its command lines, what its generated
 * client and Go's net/http write, and what it requires back, the time included. Any KVM will do, for the guest halts.
 */
@Timeout(120)
class KataTest {
    /** What one call may take, and the process's end after the last one. */
    private static final long CALL_MILLIS = 1000;

    private static final long PLUG_MILLIS = 5000;
    private static final long CREATE_MILLIS = 10_000;
    private static final long END_MILLIS = 3000;

    private static final String NET = "{\"host_mac\":null,\"iommu\":false,\"ip\":\"192.168.249.1\",\"mac\":\"MAC\","
            + "\"mask\":\"255.255.255.0\",\"num_queues\":2,\"offload_csum\":true,\"offload_tso\":true,"
            + "\"offload_ufo\":true,\"queue_size\":256,\"vhost_mode\":\"Client\",\"vhost_user\":false}";
    private static final String DISK = "{\"backing_files\":false,\"direct\":false,\"image_type\":\"Raw\","
            + "\"iommu\":false,\"num_queues\":1,\"path\":\"PATH\",\"queue_size\":1024,\"readonly\":false,"
            + "\"sparse\":true,\"vhost_user\":false}";
    private static final String VM = "{\"balloon\":{\"deflate_on_oom\":false,\"free_page_reporting\":false,\"size\":0},"
            + "\"console\":{\"iommu\":false,\"mode\":\"Off\"},\"cpus\":{\"boot_vcpus\":1,\"kvm_hyperv\":false,"
            + "\"max_vcpus\":2,\"nested\":true,\"topology\":{\"cores_per_die\":2,\"dies_per_package\":1,"
            + "\"packages\":1,\"threads_per_core\":1}},\"disks\":[{\"backing_files\":false,\"direct\":false,"
            + "\"image_type\":\"Raw\",\"iommu\":false,\"num_queues\":1,\"path\":\"IMAGE\",\"queue_size\":128,"
            + "\"readonly\":true,\"sparse\":true,\"vhost_user\":false}],\"fs\":[{\"num_queues\":1,"
            + "\"pci_segment\":1,\"queue_size\":1024,\"socket\":\"RUN/virtiofsd.sock\",\"tag\":\"kataShared\"}],"
            + "\"iommu\":false,\"landlock_enable\":false,\"memory\":{\"hotplug_method\":\"Acpi\","
            + "\"hotplug_size\":1073741824,\"hugepages\":false,\"mergeable\":false,\"prefault\":false,"
            + "\"shared\":true,\"size\":67108864,\"thp\":true},\"payload\":{\"cmdline\":\"root=/dev/vda1"
            + " rootflags=data=ordered,errors=remount-ro ro rootfstype=ext4 panic=1 no_timer_check noreplace-smp"
            + " quiet systemd.show_status=false agent.log_vport=1025\",\"kernel\":\"KERNEL\"},\"platform\":"
            + "{\"num_pci_segments\":2,\"sev_snp\":false,\"tdx\":false},\"pvpanic\":false,\"rng\":{\"iommu\":false,"
            + "\"src\":\"/dev/urandom\"},\"serial\":{\"iommu\":false,\"mode\":\"Off\"},\"vsock\":{\"cid\":3,"
            + "\"iommu\":false,\"socket\":\"RUN/clh.sock\"},\"watchdog\":false}\n";

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private final List<Tap> taps = new ArrayList<>();
    private Path run; // as /run/vc/vm/ID
    private Child virtiofsd;
    private Process vmm;
    private Wire api;

    /** The shim listens for virtiofsd, starts it, then the VMM, and asks every 10 ms whether that answers. */
    @BeforeEach
    void start() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        run = Files.createDirectory(directory.resolve("run"));
        Path shared = Files.createDirectory(directory.resolve("shared"));
        try (Fd listener = linux.sockets().listen(run.resolve("virtiofsd.sock").toString(), 128)) {
            virtiofsd = Programs.spawn(
                    directory,
                    "virtiofsd",
                    Map.of(3, listener),
                    "vhost-user-fs",
                    List.of(
                            "--syslog",
                            "--cache=auto",
                            "--shared-dir=" + shared,
                            "--fd=3",
                            "--inode-file-handles=prefer",
                            "--thread-pool-size=1",
                            "--announce-submounts"));
        }
        vmm = Programs.start(
                directory,
                "vmm",
                "cloud-hypervisor",
                List.of("--api-socket", run.resolve("clh-api.sock").toString(), "--seccomp", "false"));
        long begin = System.nanoTime();
        while (!answersPing()) {
            assertThat(vmm.isAlive()).as(said()).isTrue();
            assertThat(System.nanoTime() - begin).as(said()).isLessThan(TimeUnit.MILLISECONDS.toNanos(CREATE_MILLIS));
            Thread.sleep(10);
        }
        System.out.println("counted: vmm.ping was answered after "
                + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin) + " ms");
        api = connect(CALL_MILLIS);
    }

    @AfterEach
    void end() throws Exception {
        if (vmm != null) {
            api.close();
            vmm.destroyForcibly().waitFor();
            virtiofsd.kill(9);
            virtiofsd.await(TimeUnit.SECONDS.toNanos(10));
            virtiofsd.close();
            taps.forEach(Tap::close);
        }
    }

    private String said() throws IOException {
        return Files.readString(directory.resolve("vmm.err")) + Files.readString(directory.resolve("virtiofsd"));
    }

    private Wire connect(long patience) {
        return Wire.to(run.resolve("clh-api.sock"), patience);
    }

    private boolean answersPing() {
        if (!Files.exists(run.resolve("clh-api.sock"))) {
            return false;
        }
        try (Wire once = connect(CALL_MILLIS)) {
            Wire.Answer answer = once.send(get("vmm.ping")).answer();
            assertThat(answer.body())
                    .contains(
                            "\"build_version\":\"v53.0.0\"",
                            "\"version\":\"53.0.0\"",
                            "\"pid\":" + vmm.pid(),
                            "\"features\":[");
            return answer.status() == 200;
        } catch (ErrnoException _) {
            return false; // it does not listen yet
        }
    }

    private static String get(String endpoint) {
        return "GET /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: OpenAPI-Generator/1.0.0/go\r\n"
                + "Accept: application/json\r\nAccept-Encoding: gzip\r\n\r\n";
    }

    private static String put(String endpoint, String body) {
        return "PUT /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: OpenAPI-Generator/1.0.0/go\r\n"
                + "Content-Length: " + body.length() + "\r\nAccept: application/json\r\n"
                + (body.isEmpty() ? "" : "Content-Type: application/json\r\n") + "Accept-Encoding: gzip\r\n\r\n" + body;
    }

    private void done(String endpoint, String body, long patience) {
        try (Wire wire = connect(patience)) {
            assertThat(wire.send(put(endpoint, body)).answer()).as(endpoint).isEqualTo(new Wire.Answer(204, ""));
        }
    }

    private String info() {
        Wire.Answer answer = api.send(get("vm.info")).answer();
        assertThat(answer.status()).isEqualTo(200);
        return answer.body();
    }

    /** As httputil.DumpRequest writes it. */
    private static String addNet(String mac) {
        String body = NET.replace("MAC", mac);
        return "PUT /api/v1/vm.add-net HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Length: "
                + body.length() + "\r\nContent-Type: application/json\r\n\r\n" + body;
    }

    private Fd tap() {
        assumeThat(Path.of("/dev/net/tun")).isWritable();
        Tap tap = Tap.open(linux, "", false);
        taps.add(tap);
        return tap.fd();
    }

    private String body() throws IOException {
        Path image = Files.write(directory.resolve("image"), new byte[1 << 20]);
        Path kernel = Files.write(directory.resolve("kernel"), TinyKernel.halting());
        return VM.replace("IMAGE", image.toString())
                .replace("KERNEL", kernel.toString())
                .replace("RUN", run.toString());
    }

    private void boot(String... macs) throws IOException {
        done("vm.create", body(), CREATE_MILLIS);
        assertThat(info())
                .contains(
                        "\"state\":\"Created\"",
                        "\"boot_vcpus\":1",
                        "\"max_vcpus\":2",
                        "67108864",
                        "\"hotplug_size\":1073741824");
        try (Wire nets = connect(CREATE_MILLIS)) {
            for (String mac : macs) {
                assertThat(nets.send(addNet(mac), tap()).answer()).isEqualTo(new Wire.Answer(204, ""));
            }
        }
        done("vm.boot", "", CREATE_MILLIS);
        assertThat(info()).contains("\"state\":\"Running\"");
    }

    private List<String> threads() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + vmm.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                names.add(Files.readString(task.resolve("comm")).strip());
            }
        }
        return names;
    }

    private String plugged(String endpoint, String body, Fd... fds) {
        try (Wire wire = connect(PLUG_MILLIS)) {
            Wire.Answer answer =
                    wire.send(fds.length > 0 ? body : put(endpoint, body), fds).answer();
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            assertThat(answer.body()).matches("\\{\"id\":\"[^\"]+\",\"bdf\":\"0000:00:[0-9a-f]{2}\\.0\"}");
            return answer.body().split("\"", 5)[3];
        }
    }

    @Test
    void aSandboxLivesAndEnds() throws Exception {
        boot("02:00:ca:fe:00:01", "02:00:ca:fe:00:02");
        assertThat(threads()).contains("vcpu0").doesNotContain("vcpu1");
        String disk = plugged(
                "vm.add-disk",
                DISK.replace(
                        "PATH",
                        Files.write(directory.resolve("volume"), new byte[1 << 20])
                                .toString()));
        String net = plugged("vm.add-net", addNet("02:00:ca:fe:00:03"), tap());
        assertThat(info()).contains("\"id\":\"" + disk + "\"", "\"id\":\"" + net + "\"", "02:00:ca:fe:00:03");
        done("vm.remove-device", "{\"id\":\"" + disk + "\"}\n", PLUG_MILLIS);
        done("vm.pause", "", CALL_MILLIS);
        assertThat(info()).contains("\"state\":\"Paused\"");
        done("vm.resume", "", CALL_MILLIS);
        assertThat(info()).contains("\"state\":\"Running\"");
        assertThat(api.send(get("vmm.ping")).answer().status()).isEqualTo(200);
        assertThat(api.send(put("vmm.shutdown", "")).answer()).isEqualTo(new Wire.Answer(200, ""));
        assertThat(vmm.waitFor(END_MILLIS, TimeUnit.MILLISECONDS)).as(said()).isTrue();
        assertThat(vmm.exitValue()).as(said()).isZero();
        assertThat(said()).as("what it always writes, hotplug_method for one").doesNotContain("not known");
        assertThat(run.resolve("clh-api.sock")).doesNotExist();
        assertThat(run.resolve("clh.sock")).doesNotExist();
        assertThat(virtiofsd.exitStatus()).as("it is the shim that ends it").isEmpty();
    }

    /** The shim dials its agent in a tight loop, long before the guest could listen. */
    @Test
    void dialsThatNobodyTakesAreHungUpOnAndHinderNobody() throws Exception {
        boot();
        for (int i = 0; i < 1000; i++) {
            try (Wire agent = dial()) {
                agent.send((i % 2 == 0 ? "CONNECT" : "connect") + " 1024\n");
            }
        }
        try (Wire agent = dial()) {
            assertThat(agent.send("CONNECT 1024\n").receive()).as("no OK").isEmpty();
        }
        assertThat(info()).contains("\"state\":\"Running\"");
    }

    /** Again at once where those before him are not taken yet. */
    private Wire dial() {
        while (true) {
            try {
                return Wire.to(run.resolve("clh.sock"), CREATE_MILLIS);
            } catch (ErrnoException e) {
                assertThat(e.errno()).isEqualTo(Errno.EAGAIN);
            }
        }
    }

    @Test
    void nothingOutlivesAVmmThatIsKilled() throws Exception {
        boot("02:00:ca:fe:00:01");
        List<ProcessHandle> daemons = vmm.descendants().toList();
        assertThat(daemons).as("of the disk, and of the network card").hasSizeGreaterThanOrEqualTo(2);
        Path interfaceOfTap = Path.of("/sys/class/net", taps.getFirst().name());
        taps.getFirst().close();
        assertThat(interfaceOfTap).exists();
        vmm.destroyForcibly().waitFor();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (daemons.stream().anyMatch(ProcessHandle::isAlive) || Files.exists(interfaceOfTap)) {
            assertThat(System.nanoTime()).as(daemons::toString).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    /** What is asked at the wrong time, or of nothing, is an error that the shim logs; it is never a success. */
    @Test
    void whatCannotBeIsRefused() throws Exception {
        assertThat(api.send(get("vm.info")).answer().status()).isEqualTo(404);
        assertThat(api.send(put("vm.boot", "")).answer().status()).isEqualTo(404);
        done("vm.create", body(), CREATE_MILLIS);
        assertThat(api.send(put("vm.pause", "")).answer().status()).isGreaterThanOrEqualTo(400);
        assertThat(api.send(put("vm.boot", "{}")).answer().status())
                .as("a body where none belongs")
                .isEqualTo(400);
        assertThat(api.send(put("vm.remove-device", "{\"id\":\"none\"}\n")).answer())
                .isEqualTo(new Wire.Answer(404, "[\"id: there is no device 'none'\"]"));
        try (Fd noTap = linux.files().open("/dev/null", OpenFlag.RDWR);
                Wire nets = connect(CALL_MILLIS)) {
            String two = addNet("02:00:ca:fe:00:01");
            assertThat(nets.send(two, noTap, noTap).answer().status())
                    .as("two descriptors for one pair of queues")
                    .isEqualTo(400);
        }
    }
}
