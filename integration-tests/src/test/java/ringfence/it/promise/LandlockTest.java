package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;
import ringfence.linux.Linux;
import ringfence.sandbox.FileRules;

/** A VMM with {@code --landlock}, whose guest halts. Any KVM will do. */
@Timeout(120)
class LandlockTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private Path outside;
    private Path allowed;
    private LocalVmm vmm;
    private VmmApi api;

    @BeforeEach
    void aVmmThatIsConfined() throws Exception {
        assumeThat(Linux.system().confinement().landlockAbi()).isGreaterThanOrEqualTo(FileRules.LEAST_ABI);
        Path own = Files.createDirectory(directory.resolve("own"));
        allowed = Files.createDirectory(directory.resolve("allowed"));
        outside = image(Files.createDirectory(directory.resolve("outside")).resolve("image"));
        Path kernel = Files.write(directory.resolve("halts"), TinyKernel.halting());
        Path cold = image(directory.resolve("cold"));
        vmm = LocalVmm.start(
                own.resolve("api"),
                command -> command.with("--kernel", kernel.toString(), "--disk", "path=" + cold)
                        .with("--console", "off", "--serial", "file=" + own.resolve("serial"))
                        .with("--event-monitor", "path=" + own.resolve("events"))
                        .with("--log-file", own.resolve("log").toString())
                        .with("--landlock", "--landlock-rules", "path=" + allowed + ",access=rw"));
        api = vmm.api();
        awaitRunning();
    }

    @AfterEach
    void end() {
        if (vmm != null) {
            vmm.close();
        }
    }

    private static Path image(Path path) throws IOException {
        return Files.write(path, new byte[1 << 21]);
    }

    private void awaitRunning() throws Exception {
        vmm.awaitRunning();
        awaitConnected("_disk0");
    }

    private void awaitConnected(String id) throws Exception {
        vmm.await(() -> {
            String counters = api.get("vm.counters").body();
            return counters.contains("\"" + id + "\"") && !counters.contains("\"connected\":0");
        });
    }

    private VmmApi.Answer add(String what, String json) throws IOException {
        return api.put("vm.add-" + what, json);
    }

    /** Root may open all of them; Landlock alone denies it. */
    @Test
    void itReachesWhatItsOptionsAndRulesNameAndNothingElse() throws Exception {
        assertThat(Files.readString(Path.of("/proc/" + vmm.program().pid() + "/status")))
                .contains("NoNewPrivs:\t1\n");
        for (String refused : Stream.of(
                        add("disk", "{\"path\":\"" + outside + "\"}"),
                        add("pmem", "{\"file\":\"" + outside + "\"}"),
                        add("fs", "{\"tag\":\"t\",\"path\":\"" + outside.getParent() + "\"}"))
                .map(VmmApi.Answer::body)
                .toList()) {
            assertThat(refused).contains("--landlock-rules path=" + directory.resolve("outside"));
        }
        assertThat(add("net", "{\"passt\":true}").body()).contains("--landlock does not allow");
        Path disk = image(allowed.resolve("disk"));
        assertThat(add("disk", "{\"id\":\"hot\",\"path\":\"" + disk + "\"}").status())
                .isEqualTo(200);
        awaitConnected("hot");
        Path memory = image(allowed.resolve("memory"));
        assertThat(add("pmem", "{\"id\":\"kept\",\"file\":\"" + memory + "\"}").status())
                .isEqualTo(200);
        assertThat(add("fs", "{\"id\":\"folder\",\"tag\":\"t\",\"path\":\"" + allowed + "\"}")
                        .status())
                .isEqualTo(200);
        awaitConnected("folder");
        assertThat(directory.resolve("own/log"))
                .content()
                .containsOnlyOnce(
                        "with --landlock, or in a container without CAP_SYS_ADMIN: daemons have no tree of files");
    }

    /** Whatever it makes, it makes in the box, and takes away at its end. */
    @Test
    void itBootsAgainAndEndsInOrder() throws Exception {
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        awaitRunning();
        assertThat(api.put("vmm.shutdown").status()).isLessThan(300);
        assertThat(vmm.program().await(SOON).status()).isZero();
        assertThat(directory.resolve("own/api")).doesNotExist();
        assertThat(directory.resolve("own/events")).content().contains("booted");
    }

    /** A client that asks for it hears whether there is as much. */
    @Test
    void theApiTellsOfItAndTakesWhatIsThereAlready() throws Exception {
        assertThat(api.get("vm.info").body())
                .contains("\"landlock_enable\":true,\"landlock_rules\":[{\"path\":\"" + allowed
                        + "\",\"access\":\"rw\"}]");
        assertThat(api.put("vm.delete").status()).isEqualTo(204);
        String machine =
                "{\"payload\":{\"kernel\":\"" + directory.resolve("halts") + "\"},\"console\":{\"mode\":\"Off\"},"
                        + "\"landlock_enable\":true,\"landlock_rules\":[{\"path\":\"%s\",\"access\":\"r\"}]}";
        VmmApi.Answer more = api.put("vm.create", machine.formatted(outside));
        assertThat(more.status()).isEqualTo(400);
        assertThat(more.body()).contains("start the VMM with --landlock-rules path=" + outside + ",access=r");
        assertThat(api.put("vm.create", machine.formatted(allowed.resolve("disk")))
                        .status())
                .isEqualTo(204);
        assertThat(api.put("vm.boot").status()).isEqualTo(204);
    }
}
