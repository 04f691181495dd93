package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Tap;
import ringfence.vmm.api.ApiClient;

/** A network card of several queues, whose tap a client has opened: a descriptor for each pair. */
class HandedTapsTest extends HaltedGuest {
    private static final int PAIRS = 4;

    @Override
    List<String> options() {
        return List.of("--cpus", "boot=" + PAIRS);
    }

    /** A booted VM's; nothing of them stays with the VMM. */
    @Test
    void fourQueuesComeAndGo() throws Exception {
        assumeThat(Path.of("/dev/net/tun")).isWritable();
        List<String> before = settledDescriptors();
        for (int i = 0; i < 3; i++) {
            Path tap;
            try (Tap first = Tap.open(Linux.system(), "", true);
                    Tap second = Tap.open(Linux.system(), first.name(), true);
                    Tap third = Tap.open(Linux.system(), first.name(), true);
                    Tap fourth = Tap.open(Linux.system(), first.name(), true)) {
                tap = Path.of("/sys/class/net", first.name());
                List<Fd> queues = List.of(first.fd(), second.fd(), third.fd(), fourth.fd());
                ApiClient.Answer answer = new ApiClient(
                                Linux.system(), directory.resolve("api").toString())
                        .ask("PUT", "vm.add-net", "{\"id\":\"net\",\"num_queues\":" + 2 * PAIRS + "}", queues);
                assertThat(answer.body()).containsPattern("\"bdf\":\"0000:00:[0-9a-f]{2}\\.0\"");
            }
            await(() -> counters("net").contains("\"connected\":1"));
            assertThat(remove("net")).isEqualTo(204);
            assertThat(api.put("vm.reboot").status()).isEqualTo(204);
            await(() -> !has("net") && Files.notExists(tap));
        }
        awaitNoMoreThan(before);
    }
}
