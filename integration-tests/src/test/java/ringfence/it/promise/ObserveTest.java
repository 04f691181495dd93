package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;
import ringfence.linux.Linux;
import ringfence.linux.Processes;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.vmm.supervise.RuntimeDirectory;

/** A real VM with a disk, seen by {@code ringfence ps}, {@code top} and {@code metrics}. Its guest exits all the time; any KVM does. */
@Timeout(300)
class ObserveTest {
    private static final int SOON_SECONDS = 60;

    @TempDir
    Path directory;

    private final Processes processes = Linux.system().processes();
    private Process vmm;

    @BeforeEach
    void aVm() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Files.write(directory.resolve("exits"), TinyKernel.of(0xE6, 0x80, 0xEB, 0xFC)); // out 0x80, al; jmp to it
        Files.write(directory.resolve("disk"), new byte[1 << 20]);
        String words = "run --kernel exits --disk path=disk,id=data --serial null --console off --api-socket api";
        vmm = start("vmm", words.split(" ", -1));
        await(ps -> ps.contains("\"state\":\"running\"") && ps.contains("\"state\":\"connected\""));
    }

    @AfterEach
    void itEnds() throws Exception {
        vmm.destroyForcibly().waitFor(); // also one that is stopped
    }

    private Process start(String output, String... words) throws Exception {
        return Programs.start(
                directory, output, "ringfence", List.of(words), Map.of("XDG_RUNTIME_DIR", directory.toString()));
    }

    private String run(String... words) throws Exception {
        Process process = start("out", words);
        assertThat(process.waitFor(SOON_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(text("out.err")).isZero();
        return text("out");
    }

    private String text(String file) throws Exception {
        return Files.readString(directory.resolve(file));
    }

    /** What {@code ps --json} says of our VM; empty: nothing. */
    private String ours() throws Exception {
        return shown(vmm);
    }

    private String shown(Process vm) throws Exception {
        Matcher object =
                Pattern.compile("\\{\"pid\":" + vm.pid() + ",.*?\\]\\}").matcher(run("ps", "--json"));
        return object.find() ? object.group() : "";
    }

    private void await(Predicate<String> state) throws Exception {
        await(vmm, state);
    }

    private void await(Process vm, Predicate<String> state) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SOON_SECONDS);
        String last;
        while (!state.test(last = shown(vm))) {
            assertThat(vm.isAlive()).as(text("vmm.err")).isTrue();
            assertThat(System.nanoTime()).as(last).isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    @Test
    void psShowsItWhateverItsVmmDoes() throws Exception {
        assertThat(ours())
                .contains(
                        "\"vcpus\":1",
                        "\"memory\":536870912",
                        "\"api_socket\":\"" + directory.resolve("api") + "\"",
                        "\"id\":\"data\"");
        new VmmApi(directory.resolve("api")).put("vm.pause");
        await(ps -> ps.contains("\"state\":\"paused\""));
        processes.kill((int) vmm.pid(), Processes.SIGSTOP);
        await(ps -> ps.contains("\"state\":\"stopped\""));
        vmm.destroyForcibly().waitFor(); // SIGKILL
        assertThat(ours()).isEmpty();
        assertThat(run("ps").lines().filter(line -> line.startsWith(vmm.pid() + " ")))
                .isEmpty();
    }

    @Test
    void metricsAreAPageOfPrometheus() throws Exception {
        String page = run("metrics");
        String labels = "\\{vm=\"" + vmm.pid() + "\",socket=\"[^\"]*\"";
        assertThat(page)
                .containsPattern("ringfence_exits_total" + labels + ",vcpu=\"0\",reason=\"io\"\\} [1-9]")
                .containsPattern("ringfence_memory_bytes" + labels + "\\} 536870912")
                .containsPattern("ringfence_device_state" + labels + ",device=\"data\"\\} 1\n")
                .containsPattern("ringfence_queue_sleeps_total" + labels + ",device=\"data\",queue=\"0\"\\} [0-9]")
                .containsPattern("ringfence_queue_latency_seconds_bucket" + labels + ".*,le=\"\\+Inf\"\\} 0");
        assertThat(run("ctl", "--api-socket", "api", "counters"))
                .contains("\"read_ops\":0", "\"write_bytes\":0", "\"write_latency_max\":0", "\"reconnects\":0");
    }

    /** Two VMs at one switch, which is killed meanwhile. Their guests have no driver: all they count is 0. */
    @Test
    void ofASwitchEachVmHasItsOwnPort() throws Exception {
        String name = "observe-" + vmm.pid();
        String words = "run --kernel exits --net switch=" + name + ",id=lan --serial null --console off --api-socket ";
        Process one = start("one", (words + "one.api").split(" ", -1));
        Process two = start("two", (words + "two.api").split(" ", -1));
        try {
            await(one, ps -> port(ps, 0).isPresent());
            await(two, ps -> port(ps, 0).isPresent());
            ProcessHandle daemon = port(shown(one), 0).orElseThrow();
            assertThat(port(shown(two), 0)).hasValue(daemon);
            assertPorts(one, two);
            daemon.destroyForcibly();
            await(one, ps -> port(ps, 1).isPresent());
            await(two, ps -> port(ps, 1).isPresent());
            assertThat(port(shown(one), 1)).isNotEqualTo(Optional.of(daemon)).isEqualTo(port(shown(two), 1));
            assertPorts(one, two);
        } finally {
            Optional<ProcessHandle> last = port(shown(one), 1);
            one.destroyForcibly().waitFor();
            two.destroyForcibly().waitFor();
            last.ifPresent(ProcessHandle::destroyForcibly);
            Path folder = RuntimeDirectory.ofSwitch(name, processes.effectiveUser());
            for (String file : List.of("socket", "socket.lock", "log", "counters", "")) {
                Files.deleteIfExists(folder.resolve(file));
            }
        }
    }

    /** The switch's process, if the VM's port has come to it after so many others. */
    private static Optional<ProcessHandle> port(String ps, int reconnects) {
        Matcher port = Pattern.compile(
                        "\"id\":\"lan\",\"state\":\"connected\",\"reconnects\":" + reconnects + ",\"pid\":([0-9]+)")
                .matcher(ps);
        return port.find() ? ProcessHandle.of(Long.parseLong(port.group(1))) : Optional.empty();
    }

    private void assertPorts(Process... vms) throws Exception {
        String page = run("metrics");
        for (Process vm : vms) {
            for (String counter : List.of("queue_kicks", "queue_empty_polls", "net_packets", "net_drop_port_busy")) {
                assertThat(page.lines())
                        .filteredOn(line -> line.startsWith("ringfence_" + counter + "_total{vm=\"" + vm.pid() + "\"")
                                && line.contains(",device=\"lan\",queue="))
                        .hasSize(16);
            }
        }
        assertThat(run("ctl", "--api-socket", "one.api", "counters"))
                .contains("\"rx_frames\":0", "\"tx_bytes\":0", "\"drop_port_down\":0");
    }

    @Test
    void promtoolHasNothingToSay() throws Exception {
        String promtool = Checkout.find().root().resolve("packaging/promtool").toString();
        assumeThat(new ProcessBuilder(promtool, "--have").start().waitFor()).isZero();
        Files.writeString(directory.resolve("page"), run("metrics"));
        Process check = new ProcessBuilder(promtool, "check", "metrics")
                .redirectInput(directory.resolve("page").toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(check.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(check.waitFor()).as(said).isZero();
        assertThat(said).isEmpty();
    }

    @Test
    void topShowsRatesTwiceAsText() throws Exception {
        List<String> lines = run("top", "--batch", "-n", "2", "--delay", "0.5", "--sort", "pid")
                .lines()
                .toList();
        assertThat(lines.stream().filter(line -> line.startsWith("PID"))).hasSize(2);
        assertThat(lines.stream()
                        .filter(line -> line.matches(vmm.pid() + " +running +[0-9.]*[1-9][0-9.]*[kM]? .*/api")))
                .hasSize(2);
        assertThat(lines.stream().filter(line -> line.matches("[0-9]+ +connected .* {3}data")))
                .hasSize(2);
    }

    @Test
    void topShowsRatesTwiceAsJson() throws Exception {
        List<Json> looks = run("top", "--json", "-n", "2", "--delay", "0.5")
                .lines()
                .<Json>map(JsonReader::read)
                .toList();
        assertThat(looks).hasSize(2);
        for (Json look : looks) {
            assertThat(look.toString())
                    .containsPattern("\"pid\":" + vmm.pid() + ",\"api_socket\":\"[^\"]*/api\",\"state\":\"running\","
                            + "\"exits_per_second\":[1-9][0-9]*,")
                    .containsPattern("\"devices\":\\[\\{\"id\":\"data\",\"pid\":[0-9]+,\"state\":\"connected\",");
        }
    }

    @Test
    void badInputIsOneLineThatNamesTheOption() throws Exception {
        for (String words : List.of("top --delay 0", "top -n 0", "top --sort name", "ps --jsno", "top")) {
            Process process = start("out", words.split(" ", -1));
            assertThat(process.waitFor(SOON_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(words).isEqualTo(2);
            assertThat(text("out.err")).startsWith("ringfence: ").hasLineCount(1);
        }
        assertThat(text("out.err")).contains("--batch");
    }

    @Test
    void doctorTellsASoftwareKvmFromARealOne() throws Exception {
        Process process = start("out", "doctor", "--json");
        assertThat(process.waitFor(SOON_SECONDS, TimeUnit.SECONDS)).isTrue();
        String cpu = Files.readString(Path.of("/proc/cpuinfo"));
        boolean real = Pattern.compile("^flags.* (vmx|svm)( |$)", Pattern.MULTILINE)
                .matcher(cpu)
                .find();
        assertThat(text("out")).contains("{\"name\":\"kvm\",\"verdict\":\"" + (real ? "ok" : "fail") + "\"");
        assertThat(process.exitValue()).isEqualTo(real ? 0 : 1);
    }
}
