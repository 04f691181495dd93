package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.linux.Linux;
import ringfence.virtio.BlkLayout;

/** A daemon that nobody has put into a box, and that has bound itself once it serves. */
@Timeout(120)
class ServingFilterTest {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);
    private static final int FRONT_ENDS = 5;
    private static final int REQUESTS = 2_000;
    /** By then the memory of the start has been given back, twice, and the compilers have had their say. */
    private static final long SETTLED_MILLIS = 22_000;

    private final Linux linux = Linux.system();
    private final List<Process> daemons = new ArrayList<>();

    @TempDir
    Path folder;

    @AfterEach
    void endWhatWasStarted() {
        daemons.forEach(Process::destroyForcibly);
    }

    private Process start(String... options) throws Exception {
        Path image = folder.resolve("disk.img");
        Files.write(image, new byte[1 << 20]);
        List<String> words = new ArrayList<>(List.of(
                Checkout.find().product().resolve("bin/vhost-user-blk").toString(),
                "--socket-path=" + socket(),
                "--blk-file=" + image));
        words.addAll(List.of(options));
        Process daemon = new ProcessBuilder(words)
                .redirectError(folder.resolve("errors").toFile())
                .start();
        daemons.add(daemon);
        return daemon;
    }

    private String socket() {
        return folder.resolve("s").toString();
    }

    private static String status(Process process) throws Exception {
        return Files.readString(Path.of("/proc/" + process.pid() + "/status"));
    }

    private void serves(int requests) throws Exception {
        try (KillGuest guest = new KillGuest(linux, 1)) {
            guest.connect(socket(), PATIENCE);
            for (int i = 0; i < requests; i++) {
                assertThat(guest.request(i % 2 == 0 ? BlkLayout.T_OUT : BlkLayout.T_IN, 8, PATIENCE))
                        .isEqualTo(BlkLayout.S_OK);
            }
            assertThat(guest.request(BlkLayout.T_FLUSH, 0, PATIENCE)).isEqualTo(BlkLayout.S_OK);
        }
    }

    @Test
    void itServesOneFrontEndAfterTheOtherAndEndsInOrder() throws Exception {
        Process daemon = start();
        for (int i = 0; i < FRONT_ENDS; i++) {
            serves(REQUESTS);
        }
        assertThat(status(daemon)).contains("NoNewPrivs:\t1\n", "Seccomp:\t2\n");
        Thread.sleep(SETTLED_MILLIS);
        serves(REQUESTS);
        linux.processes().kill((int) daemon.pid(), 15);
        assertThat(daemon.waitFor()).isZero();
        assertThat(Path.of(socket())).doesNotExist();
        assertThat(folder.resolve("errors")).isEmptyFile();
    }

    @Test
    void noneIsNoFilter() throws Exception {
        Process daemon = start("--seccomp=none");
        serves(1);
        assertThat(status(daemon)).contains("NoNewPrivs:\t0\n");
    }

    @Test
    void anotherWordIsRefused() throws Exception {
        assertThat(start("--seccomp=true").waitFor()).isEqualTo(2);
        assertThat(folder.resolve("errors"))
                .content()
                .isEqualTo("vhost-user-blk: --seccomp is kill, trap, errno, log or none, not true\n");
    }
}
