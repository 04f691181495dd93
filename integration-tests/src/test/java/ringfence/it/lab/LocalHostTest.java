package ringfence.it.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** This machine as a host, which CI without hardware virtualization would not meet otherwise. */
class LocalHostTest {
    @Test
    void runsProgramsHereInItsOwnScratchDirectoryAndRemovesIt() {
        Path scratch;
        try (KvmHost host = new LocalHost(Checkout.find())) {
            Outcome outcome = host.run(Duration.ofSeconds(30), Command.script("pwd; echo text >file; exit 4"));
            assertThat(outcome.status()).isEqualTo(4);
            scratch = Path.of(outcome.text());
            assertThat(host.read(scratch + "/file")).asString().isEqualTo("text\n");
        }
        assertThat(Files.exists(scratch)).isFalse();
    }

    @Test
    void endsItsProgramsWhenItIsClosed() throws InterruptedException {
        long pid;
        try (KvmHost host = new LocalHost(Checkout.find())) {
            pid = host.start(Command.of("sleep", "1000")).pid();
        }
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (ProcessHandle.of(pid).isPresent() && System.nanoTime() < deadline) {
            Thread.sleep(10);
        }
        assertThat(ProcessHandle.of(pid)).isEmpty();
    }
}
