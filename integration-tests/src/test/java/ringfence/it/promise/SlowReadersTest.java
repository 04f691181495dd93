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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;

/** Clients of the API that ask and do not read: no vCPU waits for them, and no other client. */
class SlowReadersTest {
    private static final int CLIENTS = 50;
    private static final int LOOKS = 10;
    private static final int BETWEEN_MILLIS = 200;
    private static final String QUESTION = "GET /api/v1/vm.info HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final int QUESTIONS = 500; // answers of a megabyte, more than a socket holds
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    @Test
    void theGuestRunsOn() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Path kernel = Files.write(
                directory.resolve("kernel"),
                TinyKernel.of(0x66, 0xBA, 0xF8, 0x03, 0xB0, 0x78, 0xEE, 0xEB, 0xFD)); // out 'x' to COM1; again
        Path printed = directory.resolve("printed");
        Process vmm = Programs.start(
                directory,
                "vmm",
                "cloud-hypervisor",
                List.of(
                        "--kernel",
                        kernel.toString(),
                        "--console",
                        "off",
                        "--serial",
                        "file=" + printed,
                        "--api-socket",
                        "api"));
        List<SocketChannel> readers = new ArrayList<>();
        try {
            long deadline = System.nanoTime() + SOON.toNanos();
            while (!Files.exists(printed) || Files.size(printed) == 0) {
                assertThat(vmm.isAlive())
                        .as(Files.readString(directory.resolve("vmm.err")))
                        .isTrue();
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.sleep(10);
            }
            for (int i = 0; i < CLIENTS; i++) {
                readers.add(asksAndDoesNotRead());
            }
            VmmApi api = new VmmApi(directory.resolve("api"));
            for (int i = 0; i < LOOKS; i++) {
                long before = Files.size(printed);
                Thread.sleep(BETWEEN_MILLIS);
                assertThat(Files.size(printed)).as("look %d", i).isGreaterThan(before);
                assertThat(api.get("vm.info").status()).isEqualTo(200);
            }
        } finally {
            for (SocketChannel reader : readers) {
                reader.close();
            }
            vmm.destroyForcibly().waitFor();
        }
    }

    private SocketChannel asksAndDoesNotRead() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(directory.resolve("api")));
        channel.configureBlocking(false);
        ByteBuffer all = ByteBuffer.wrap(QUESTION.repeat(QUESTIONS).getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < 10 && all.hasRemaining() && channel.write(all) >= 0; i++) {
            Thread.onSpinWait(); // as much as is taken
        }
        return channel;
    }
}
