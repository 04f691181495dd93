package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
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
            while (!Files.exists(socket) || !ask(socket, "GET vm.info").contains("\"state\":\"Shutdown\"")) {
                assertThat(vmm.isRunning()).isTrue();
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.sleep(50);
            }
            assertThat(ask(socket, "GET vmm.ping")).startsWith("HTTP/1.1 200");
            assertThat(vmm.isRunning()).isTrue();
            assertThat(ask(socket, "PUT vmm.shutdown")).startsWith("HTTP/1.1 20");
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

    /** One request without a body: all that comes back. */
    private static String ask(Path socket, String request) throws IOException {
        String[] words = request.split(" ", -1);
        String text = words[0] + " /api/v1/" + words[1] + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer answer = ByteBuffer.allocate(1 << 16);
            while (channel.read(answer) >= 0 && answer.hasRemaining()) {
                // to its end
            }
            return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
        }
    }
}
