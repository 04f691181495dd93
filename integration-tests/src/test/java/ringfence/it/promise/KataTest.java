package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
        virtiofsd =
                Kata.virtiofsd(run, Files.createDirectory(directory.resolve("shared")), directory.resolve("virtiofsd"));
        Path socket = run.resolve("clh-api.sock");
        vmm = Programs.start(
                directory, "vmm", "cloud-hypervisor", List.of("--api-socket", socket.toString(), "--seccomp", "false"));
        Kata.awaitPing(vmm, socket, directory.resolve("vmm.err"));
        api = connect(Kata.CALL_MILLIS);
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

    private void done(String endpoint, String body, long patience) {
        try (Wire wire = connect(patience)) {
            assertThat(wire.send(Kata.put(endpoint, body)).answer())
                    .as(endpoint)
                    .isEqualTo(new Wire.Answer(204, ""));
        }
    }

    private String info() {
        Wire.Answer answer = api.send(Kata.get("vm.info")).answer();
        assertThat(answer.status()).isEqualTo(200);
        return answer.body();
    }

    private Fd tap() {
        assumeThat(Path.of("/dev/net/tun")).isWritable();
        Tap tap = Tap.open(linux, "", false);
        taps.add(tap);
        return tap.fd();
    }

    private String body() throws IOException {
        return Kata.vm(
                run,
                Files.write(directory.resolve("image"), new byte[1 << 20]),
                Files.write(directory.resolve("kernel"), TinyKernel.halting()));
    }

    private void boot(String... macs) throws IOException {
        done("vm.create", body(), Kata.CREATE_MILLIS);
        assertThat(info())
                .contains(
                        "\"state\":\"Created\"",
                        "\"boot_vcpus\":1",
                        "\"max_vcpus\":2",
                        "67108864",
                        "\"hotplug_size\":1073741824");
        try (Wire nets = connect(Kata.CREATE_MILLIS)) {
            for (String mac : macs) {
                assertThat(nets.send(Kata.addNet(mac), tap()).answer()).isEqualTo(new Wire.Answer(204, ""));
            }
        }
        done("vm.boot", "", Kata.CREATE_MILLIS);
        assertThat(info()).contains("\"state\":\"Running\"");
    }

    private List<String> threads() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + vmm.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                try {
                    names.add(Files.readString(task.resolve("comm")).strip());
                } catch (IOException _) {
                    // it has ended since it was listed
                }
            }
        }
        return names;
    }

    private String plugged(String endpoint, String body, Fd... fds) {
        try (Wire wire = connect(Kata.PLUG_MILLIS)) {
            Wire.Answer answer = wire.send(fds.length > 0 ? body : Kata.put(endpoint, body), fds)
                    .answer();
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            assertThat(answer.body()).matches("\\{\"id\":\"[^\"]+\",\"bdf\":\"0000:00:[0-9a-f]{2}\\.0\"}");
            return answer.body().split("\"", 5)[3];
        }
    }

    @Test
    void aSandboxLivesAndEnds() throws Exception {
        boot("02:00:ca:fe:00:01", "02:00:ca:fe:00:02");
        assertThat(threads()).contains("vcpu0").doesNotContain("vcpu1");
        String disk = plugged("vm.add-disk", Kata.disk(Files.write(directory.resolve("volume"), new byte[1 << 20])));
        String net = plugged("vm.add-net", Kata.addNet("02:00:ca:fe:00:03"), tap());
        assertThat(info()).contains("\"id\":\"" + disk + "\"", "\"id\":\"" + net + "\"", "02:00:ca:fe:00:03");
        done("vm.remove-device", "{\"id\":\"" + disk + "\"}\n", Kata.PLUG_MILLIS);
        done("vm.pause", "", Kata.CALL_MILLIS);
        assertThat(info()).contains("\"state\":\"Paused\"");
        done("vm.resume", "", Kata.CALL_MILLIS);
        assertThat(info()).contains("\"state\":\"Running\"");
        assertThat(api.send(Kata.get("vmm.ping")).answer().status()).isEqualTo(200);
        assertThat(api.send(Kata.put("vmm.shutdown", "")).answer()).isEqualTo(new Wire.Answer(200, ""));
        assertThat(vmm.waitFor(Kata.END_MILLIS, TimeUnit.MILLISECONDS))
                .as(said())
                .isTrue();
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
                return Wire.to(run.resolve("clh.sock"), Kata.CREATE_MILLIS);
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
        assertThat(api.send(Kata.get("vm.info")).answer().status()).isEqualTo(404);
        assertThat(api.send(Kata.put("vm.boot", "")).answer().status()).isEqualTo(404);
        done("vm.create", body(), Kata.CREATE_MILLIS);
        assertThat(api.send(Kata.put("vm.pause", "")).answer().status()).isGreaterThanOrEqualTo(400);
        assertThat(api.send(Kata.put("vm.boot", "{}")).answer().status())
                .as("a body where none belongs")
                .isEqualTo(400);
        assertThat(api.send(Kata.put("vm.remove-device", "{\"id\":\"none\"}\n")).answer())
                .isEqualTo(new Wire.Answer(404, "[\"id: there is no device 'none'\"]"));
        try (Fd noTap = linux.files().open("/dev/null", OpenFlag.RDWR);
                Wire nets = connect(Kata.CALL_MILLIS)) {
            String two = Kata.addNet("02:00:ca:fe:00:01");
            assertThat(nets.send(two, noTap, noTap).answer().status())
                    .as("two descriptors for one pair of queues")
                    .isEqualTo(400);
        }
    }
}
