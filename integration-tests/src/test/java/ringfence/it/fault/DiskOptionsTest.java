package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.TaskCpus;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;
import ringfence.virtio.BlkLayout;

/** What a disk's daemon does with its image and its threads, if it is told so. */
@Timeout(120)
class DiskOptionsTest {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);
    private static final int SIZE = 4 << 20;

    private final Linux linux = Linux.system();
    private Process daemon;

    @TempDir
    Path folder;

    @BeforeEach
    void anImageThatIsAHole() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image().toFile(), "rw")) {
            file.setLength(SIZE);
        }
    }

    @AfterEach
    void endWhatWasStarted() {
        daemon.destroyForcibly();
    }

    private Path image() {
        return folder.resolve("disk.img");
    }

    private void start(String... options) throws IOException {
        List<String> words = new ArrayList<>(List.of(
                Checkout.find().product().resolve("bin/vhost-user-blk").toString(),
                "--socket-path=" + folder.resolve("s"),
                "--blk-file=" + image()));
        words.addAll(List.of(options));
        daemon = new ProcessBuilder(words)
                .redirectError(folder.resolve("errors").toFile())
                .start();
    }

    /** C-74: from its first request on, and with the filter that it has then. */
    @Test
    void aQueueRunsOnItsCpusAndTheDaemonAnywhere() throws Exception {
        String anywhere = TaskCpus.here();
        String cpu = TaskCpus.first();
        start("--num-queues=2", "--queue-cpus=0@" + cpu + ",8191");
        try (KillGuest guest = new KillGuest(linux, 1)) {
            guest.connect(folder.resolve("s").toString(), PATIENCE);
            assertThat(guest.request(BlkLayout.T_IN, 0, PATIENCE)).isEqualTo(BlkLayout.S_OK);
            assertThat(TaskCpus.of(daemon.pid(), "blk0/q0")).isEqualTo(cpu);
            assertThat(TaskCpus.of(daemon.pid(), "vhost-user-blk")).isEqualTo(anywhere);
        }
    }

    @Test
    void cpusThatThereAreNotAreNamed() throws Exception {
        start("--queue-cpus=0@8190,8191");
        assertThat(daemon.waitFor()).isEqualTo(2);
        assertThat(errors())
                .startsWith(
                        "vhost-user-blk: queue_affinity (--queue-cpus): this process has none of the CPUs [8190, 8191]"
                                + " of queue 0")
                .hasLineCount(1);
    }

    @Test
    void whatNamesNoQueueIsRefused() throws Exception {
        start("--queue-cpus=1@0");
        assertThat(daemon.waitFor()).isEqualTo(2);
        assertThat(errors()).isEqualTo("vhost-user-blk: --queue-cpus 1@0: '1' is none of 0 to 0\n");
    }

    /** C-80 and C-81. */
    @Test
    void anImageHasAllOfItsBlocksAndIsLockedToTheEnd() throws Exception {
        assertThat(taken()).isZero();
        start("--preallocate", "--lock-granularity=full");
        try (KillGuest guest = new KillGuest(linux, 1);
                Fd other = linux.files().open(image().toString(), OpenFlag.RDWR)) {
            guest.connect(folder.resolve("s").toString(), PATIENCE);
            assertThat(guest.request(BlkLayout.T_OUT, 0, PATIENCE)).isEqualTo(BlkLayout.S_OK);
            assertThat(taken()).isGreaterThanOrEqualTo(SIZE);
            assertThat(linux.files().tryLock(other, LockType.READ, SIZE, 1)).isFalse();
        }
    }

    private String errors() throws IOException {
        return Files.readString(folder.resolve("errors"));
    }

    private long taken() throws IOException {
        Process stat = new ProcessBuilder("stat", "-c", "%b", image().toString()).start();
        try (var line = stat.inputReader()) {
            return 512 * Long.parseLong(line.readLine());
        }
    }
}
