package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;

/** What is left of a VMM whose guest has powered off. Any KVM will do for a guest that does nothing else. */
class NoShutdownTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    @Test
    void withoutItTheVmmEndsWith0() throws Exception {
        try (KvmHost host = new LocalHost(Checkout.find());
                Program vmm = host.start(vmm())) {
            assertThat(vmm.await(SOON).status()).isZero();
        }
    }

    @Test
    void withItTheVmmStaysAndAnswersUntilItIsToldToEnd() throws Exception {
        Path socket = directory.resolve("api");
        try (KvmHost host = new LocalHost(Checkout.find());
                Program vmm = host.start(vmm().with("--no-shutdown", "--api-socket", socket.toString()))) {
            long deadline = System.nanoTime() + SOON.toNanos();
            VmmApi api = new VmmApi(socket);
            while (!api.isServed() || !api.get("vm.info").body().contains("\"state\":\"Created\"")) {
                assertThat(vmm.isRunning()).isTrue();
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.sleep(50);
            }
            assertThat(api.get("vmm.ping").status()).isEqualTo(200);
            assertThat(vmm.isRunning()).isTrue();
            assertThat(api.put("vmm.shutdown").status()).isEqualTo(200);
            assertThat(vmm.await(SOON).status()).isZero();
        }
    }

    private Command vmm() throws IOException {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Path kernel = Files.write(directory.resolve("off"), TinyKernel.poweringOff());
        return Command.of(Checkout.find()
                        .product()
                        .resolve("bin/cloud-hypervisor")
                        .toString())
                .with("--kernel", kernel.toString(), "--serial", "null", "--console", "off")
                .variable("RINGFENCE_ANY_KVM", "1");
    }
}
