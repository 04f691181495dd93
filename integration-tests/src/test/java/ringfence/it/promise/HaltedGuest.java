package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;

/** A VM that runs, and whose guest takes no notice: it halts, and ejects nothing. Any KVM will do. */
abstract class HaltedGuest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    final KvmHost host = new LocalHost(Checkout.find());
    Program vmm;
    VmmApi api;

    /** What more is said of it. */
    List<String> options() {
        return List.of();
    }

    @BeforeEach
    void aGuestThatHalts() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Path kernel = Files.write(directory.resolve("halts"), TinyKernel.halting());
        Path socket = directory.resolve("api");
        vmm = host.start(Command.of(Checkout.find()
                        .product()
                        .resolve("bin/cloud-hypervisor")
                        .toString())
                .with(
                        "--kernel",
                        kernel.toString(),
                        "--disk",
                        "path=" + image("cold"),
                        "--console",
                        "off",
                        "--serial",
                        "null",
                        "--api-socket",
                        socket.toString())
                .with(options())
                .variable("RINGFENCE_ANY_KVM", "1"));
        api = new VmmApi(socket);
        await(() -> api.isServed() && info().contains("\"state\":\"Running\""));
    }

    @AfterEach
    void end() {
        vmm.close();
        host.close();
    }

    interface Condition {
        boolean holds() throws IOException;
    }

    void await(Condition condition) throws Exception {
        await(condition, () -> "");
    }

    private void await(Condition condition, Supplier<String> otherwise) throws Exception {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!condition.holds()) {
            assertThat(vmm.isRunning()).as(() -> vmm.err().text()).isTrue();
            assertThat(System.nanoTime() - deadline)
                    .as(() -> otherwise.get() + "\n" + vmm.err().text())
                    .isNegative();
            Thread.sleep(20);
        }
    }

    Path image(String name) throws IOException {
        return Files.write(directory.resolve(name), new byte[1 << 20]);
    }

    String info() throws IOException {
        return api.get("vm.info").body();
    }

    boolean has(String id) throws IOException {
        return info().contains("\"id\":\"" + id + "\"");
    }

    VmmApi.Answer addDisk(String id, Path image) throws IOException {
        return api.put("vm.add-disk", "{\"id\":\"" + id + "\",\"path\":\"" + image + "\"}");
    }

    int remove(String id) throws IOException {
        return api.put("vm.remove-device", "{\"id\":\"" + id + "\"}").status();
    }

    String added(String id, Path image) throws IOException {
        VmmApi.Answer answer = addDisk(id, image);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).matches("\\{\"id\":\"" + id + "\",\"bdf\":\"0000:00:[0-9a-f]{2}\\.0\"}");
        assertThat(has(id)).isTrue();
        return answer.body();
    }

    /** What it has open when nobody asks it anything: its ends of our connections close a little after ours. */
    List<String> settledDescriptors() throws Exception {
        await(() -> !api.get("vm.counters").body().contains("\"connected\":0"));
        List<String> least = descriptors();
        for (int i = 0; i < 20; i++) {
            Thread.sleep(50);
            List<String> now = descriptors();
            least = now.size() < least.size() ? now : least;
        }
        return least;
    }

    /** Waits until it has no more open than it had then. */
    void awaitNoMoreThan(List<String> before) throws Exception {
        await(() -> descriptors().size() <= before.size(), () -> "before: " + before + "\nnow: " + now());
    }

    private String now() {
        try {
            return descriptors().toString();
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** @return what each is of */
    private List<String> descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + vmm.pid() + "/fd"))) {
            return open.map(HaltedGuest::target).sorted().toList();
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException _) {
            return "closed"; // since it was listed
        }
    }

    List<ProcessHandle> daemons() {
        return ProcessHandle.of(vmm.pid())
                .orElseThrow()
                .children()
                .filter(child -> name(child.pid()).startsWith("vhost-user-"))
                .toList();
    }

    private static String name(long process) {
        try {
            return Files.readString(Path.of("/proc/" + process + "/comm"));
        } catch (IOException _) {
            return ""; // it has ended
        }
    }

    String counters(String id) throws IOException {
        String all = api.get("vm.counters").body();
        int at = all.indexOf("\"" + id + "\"");
        return at < 0 ? "" : all.substring(at, all.indexOf('}', at));
    }
}
