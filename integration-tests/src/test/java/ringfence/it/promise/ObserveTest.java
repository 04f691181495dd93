package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
        Matcher object =
                Pattern.compile("\\{\"pid\":" + vmm.pid() + ",.*?\\]\\}").matcher(run("ps", "--json"));
        return object.find() ? object.group() : "";
    }

    private void await(Predicate<String> state) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SOON_SECONDS);
        String last;
        while (!state.test(last = ours())) {
            assertThat(vmm.isAlive()).as(text("vmm.err")).isTrue();
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
