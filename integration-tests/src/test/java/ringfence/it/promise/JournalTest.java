package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.TinyKernel;

/** What a real VMM leaves behind, and what is made of it. Any KVM does for a guest that only halts. */
class JournalTest {
    private static final Pattern EVENT = Pattern.compile("\"source\":\"([^\"]*)\",\"event\":\"([^\"]*)\"");

    @TempDir
    Path directory;

    private Process start(String output, String program, String... words) throws Exception {
        return Programs.start(
                directory,
                output,
                program,
                List.of(words),
                Map.of("RINGFENCE_JOURNAL", directory.resolve("rings").toString()));
    }

    private int run(String output, String program, String... words) throws Exception {
        Process process = start(output, program, words);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private String text(String name) throws Exception {
        return Files.readString(directory.resolve(name));
    }

    private String events(String... words) throws Exception {
        List<String> all = Stream.concat(Stream.of("events", "--store=store"), Stream.of(words))
                .toList();
        assertThat(run("events", "ringfence", all.toArray(String[]::new)))
                .as(text("events.err"))
                .isZero();
        assertThat(text("events.err")).isEmpty();
        return text("events");
    }

    private static List<String> names(String lines) {
        return EVENT.matcher(lines)
                .results()
                .map(found -> found.group(1) + ":" + found.group(2))
                .toList();
    }

    private long rings() throws Exception {
        try (Stream<Path> files = Files.list(directory.resolve("rings"))) {
            return files.count();
        }
    }

    @Test
    void whatHappenedIsThereAfterTheVmmWasKilled() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Files.write(directory.resolve("K"), TinyKernel.halting());
        Files.writeString(
                directory.resolve("vm.json"), "{\"payload\":{\"kernel\":\"K\"},\"console\":{\"mode\":\"Off\"}}");
        Process vmm = start("vmm", "ringfence", "run", "--api-socket", "api");
        try {
            while (!Files.exists(directory.resolve("api"))) {
                assertThat(vmm.isAlive()).as("the VMM: %s", text("vmm.err")).isTrue();
                Thread.sleep(20);
            }
            ctl(0, "create", "vm.json");
            ctl(0, "boot");
            ctl(0, "info");
            ctl(1, "resume");
        } finally {
            vmm.destroyForcibly().waitFor(); // SIGKILL
        }
        String before = events("--vm", "api");
        assertThat(names(before))
                .containsSubsequence(
                        "vmm:starting",
                        "ringfence:api-call",
                        "vm:booting",
                        "cpu_manager:create_vcpu",
                        "vm:booted",
                        "ringfence:api-call");
        assertThat(before)
                .contains("\"endpoint\":\"/api/v1/vm.boot\"", "\"status\":\"204\"", "\"status\":\"500\"")
                .doesNotContain("vm.info");
        assertThat(names(events("--kind=vm"))).containsExactly("vm:booting", "vm:booted");
        assertThat(names(events("--vm", Long.toString(vmm.pid()), "--kind", "api-call")))
                .hasSize(3);
        assertThat(events("--vm", "1")).isEmpty();
        assertThat(rings()).as("nothing was taken").isEqualTo(1);
        assertThat(run("journal", "ringfence-journal", "--store=store", "--exit-when-unused=1s"))
                .as(text("journal.err"))
                .isZero();
        assertThat(text("journal") + text("journal.err")).isEmpty();
        assertThat(rings()).isZero();
        assertThat(events("--vm", "api")).isEqualTo(before);
    }

    private void ctl(int code, String... words) throws Exception {
        List<String> all = Stream.concat(Stream.of("ctl", "--api-socket", "api"), Stream.of(words))
                .toList();
        assertThat(run("ctl", "ringfence", all.toArray(String[]::new)))
                .as(text("ctl.err"))
                .isEqualTo(code);
    }

    @Test
    void badInputIsOneLineThatNamesTheOption() throws Exception {
        assertThat(run("out", "ringfence", "events", "--since=yesterday")).isEqualTo(2);
        assertThat(text("out.err"))
                .startsWith("ringfence events: --since is 'yesterday'")
                .hasLineCount(1);
        assertThat(run("out", "ringfence-journal", "--max-size=lots")).isEqualTo(2);
        assertThat(text("out.err"))
                .startsWith("ringfence-journal: --max-size is 'lots'")
                .hasLineCount(1);
        assertThat(run("out", "ringfence", "--help")).isZero();
        assertThat(text("out")).contains("events");
    }
}
