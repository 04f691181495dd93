package ringfence.vmm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import ringfence.linux.Linux;
import ringfence.vmm.api.ApiClient;

/**
 * A VMM as its clients know it, for the training of its AOT cache: it starts with an API and no VM, is asked, is given one,
 * and ends when it is told to. The VM is not booted: what that loads, the life on the command line has loaded, and a guest
 * that powers off at once would race with its client.
 */
final class ApiRehearsal {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long NOT_YET_NANOS = 1_000_000;

    private ApiRehearsal() {}

    /**
     * Has it live once, on a thread of this process.
     *
     * @param kernels of each time that a machine is built
     * @throws IllegalStateException if it does not end
     */
    static void run(Supplier<Linux> kernels, Path kernel, Path disk) throws IOException {
        Path folder = Files.createTempDirectory("ringfence-rehearsal"); // a socket's path is short
        Path socket = folder.resolve("api");
        Thread life = Thread.ofPlatform().name("life").daemon().start(() -> live(kernels.get(), socket));
        try {
            use(new ApiClient(kernels.get(), socket.toString()), life, kernel, disk);
            if (!life.join(LIMIT)) {
                throw new IllegalStateException("the VMM that was to train does not end");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    private static void live(Linux linux, Path socket) {
        try {
            new CloudHypervisorCommand(linux, MachineRunner::run, System.out)
                    .run(List.of("--api-socket", socket.toString()));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void use(ApiClient client, Thread life, Path kernel, Path disk) throws IOException {
        while (!answers(client)) {
            if (!life.isAlive()) {
                throw new IllegalStateException("the VMM that was to train has ended");
            }
            LockSupport.parkNanos(NOT_YET_NANOS);
        }
        done(client.ask(
                "PUT",
                "vm.create",
                "{\"payload\":{\"kernel\":\"" + kernel + "\",\"cmdline\":\"console=ttyS0\"},"
                        + "\"cpus\":{\"boot_vcpus\":1,\"max_vcpus\":1},\"memory\":{\"size\":268435456},"
                        + "\"disks\":[{\"path\":\"" + disk + "\"}],"
                        + "\"serial\":{\"mode\":\"Null\"},\"console\":{\"mode\":\"Off\"}}"));
        done(client.ask("GET", "vm.info", ""));
        done(client.ask("PUT", "vmm.shutdown", ""));
    }

    private static boolean answers(ApiClient client) {
        try {
            return client.ask("GET", "vmm.ping", "").isOk();
        } catch (IOException _) {
            return false;
        }
    }

    private static void done(ApiClient.Answer answer) {
        if (!answer.isOk()) {
            throw new IllegalStateException("the VMM that was to train says " + answer);
        }
    }
}
