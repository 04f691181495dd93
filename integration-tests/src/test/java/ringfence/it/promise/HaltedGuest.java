package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;

/** A VM that runs, and whose guest takes no notice: it halts, and ejects nothing. Any KVM will do. */
abstract class HaltedGuest {
    @TempDir
    Path directory;

    KvmHost host;
    Program vmm;
    VmmApi api;
    private LocalVmm local;

    /** What more is said of it. */
    List<String> options() {
        return List.of();
    }

    @BeforeEach
    void aGuestThatHalts() throws Exception {
        Path kernel = Files.write(directory.resolve("halts"), TinyKernel.halting());
        Path cold = image("cold");
        local = LocalVmm.start(
                directory.resolve("api"),
                vmm -> vmm.with("--kernel", kernel.toString(), "--disk", "path=" + cold)
                        .with("--console", "off", "--serial", "null")
                        .with(options()));
        host = local.host();
        vmm = local.program();
        api = local.api();
        local.awaitRunning();
    }

    @AfterEach
    void end() {
        if (local != null) {
            local.close();
        }
    }

    void await(LocalVmm.Condition condition) throws Exception {
        local.await(condition);
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
        local.awaitLastWill();
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
        local.await(() -> descriptors().size() <= before.size(), () -> "before: " + before + "\nnow: " + now());
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
        return local.children("vhost-user-");
    }

    String counters(String id) throws IOException {
        String all = api.get("vm.counters").body();
        int at = all.indexOf("\"" + id + "\"");
        return at < 0 ? "" : all.substring(at, all.indexOf('}', at));
    }
}
