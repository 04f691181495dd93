package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.blk.image.Fence;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.OpenFlag;
import ringfence.process.LockHolders;

/**
 * io_uring outlives its process; a lock file that is registered in the ring does not outlive the ring's requests. After
 * the fence is taken nothing lands any more, neither in the image nor in guest memory, although the image stays open in
 * another process. The control does not register the lock; what it prints shows what the others prevent, when the disk
 * is slow enough to be caught.
 */
class FenceProofTest {
    private static final long SIZE = (long) FenceVictim.REQUEST * FenceVictim.REQUESTS;
    private static final long PATIENCE = 20_000_000_000L;
    private static final int STRIDE = 4096;

    private final Linux linux = Linux.system();
    private Path folder;
    private Path image;
    private Path memory;

    @BeforeEach
    void make() throws IOException {
        folder = Files.createTempDirectory(Path.of("/var/tmp"), "ringfence-fence");
        image = folder.resolve("disk.img");
        memory = Files.createTempFile(Path.of("/dev/shm"), "ringfence-fence", ".ram");
    }

    @AfterEach
    void remove() throws IOException {
        for (Path file : List.of(image, folder.resolve("fence"), folder, memory)) {
            Files.deleteIfExists(file);
        }
    }

    @ParameterizedTest
    @CsvSource({"write, plain", "write, registered", "read, plain", "read, registered", "write, control"})
    void nothingLandsAfterTheFence(String operation, String files) throws Exception {
        boolean reading = operation.equals("read");
        fill(image, reading ? FenceVictim.PATTERN : 0);
        fill(memory, 0);
        // held by somebody else all the time, as by a VMM or a service manager
        try (Fd held = linux.files().open(image.toString(), OpenFlag.RDWR, OpenFlag.DIRECT);
                Fd ram = linux.files().open(memory.toString(), OpenFlag.RDWR);
                Mapping mapping = linux.memory().map(ram, 0, SIZE)) {
            assertThat(held.isOpen()).isTrue();
            List<String> command = new ArrayList<>(DaemonCommand.java(FenceVictim.class));
            String path = folder.resolve("fence").toString();
            command.addAll(List.of(image.toString(), memory.toString(), path, operation, files));
            Process victim = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            assertThat(victim.inputReader().readLine()).isEqualTo("queued");
            victim.destroyForcibly().waitFor();
            long dead = System.nanoTime();
            try (Fence fence = Fence.take(linux, path, PATIENCE, new LockHolders())) {
                long waited = System.nanoTime() - dead;
                int atFence = landed(reading, mapping.segment());
                Thread.sleep(500);
                int later = landed(reading, mapping.segment());
                System.out.printf(
                        "fence, %s, %s: taken %d ms after the death; %d of %d MiB had landed, %d MiB came after it%n",
                        operation,
                        files,
                        waited / 1_000_000,
                        mebibytes(atFence),
                        SIZE >> 20,
                        mebibytes(later - atFence));
                assertThat(fence.fd().isOpen()).isTrue();
                if (!files.equals("control")) {
                    assertThat(later).isEqualTo(atFence);
                }
            }
        }
    }

    private static int mebibytes(int pages) {
        return pages * STRIDE >> 20;
    }

    private static void fill(Path file, long word) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        while (chunk.hasRemaining()) {
            chunk.putLong(word);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (long done = 0; done < SIZE; done += chunk.capacity()) {
                channel.write(chunk.rewind());
            }
            channel.force(true);
        }
    }

    /** Pages that hold the pattern: in memory for reads, in the image for writes. */
    private int landed(boolean reading, MemorySegment ram) throws IOException {
        int pages = 0;
        if (reading) {
            for (long at = 0; at < SIZE; at += STRIDE) {
                pages += ram.get(ValueLayout.JAVA_LONG, at) == FenceVictim.PATTERN ? 1 : 0;
            }
            return pages;
        }
        ByteBuffer chunk = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ)) {
            while (channel.read(chunk.clear()) > 0) {
                for (int at = 0; at < chunk.position(); at += STRIDE) {
                    pages += chunk.getLong(at) == FenceVictim.PATTERN ? 1 : 0;
                }
            }
        }
        return pages;
    }
}
