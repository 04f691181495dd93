package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** proc_pid_smaps(5), madvise(2). */
class FilePagesTest {
    private static final int SIZE = 1 << 20;

    private final Linux linux = Linux.system();

    @TempDir
    private Path folder;

    /** KiB of this mapping that are mapped now. */
    private static long resident(String ending) throws IOException {
        boolean ours = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            String[] words = line.split(" +", -1);
            if (!words[0].endsWith(":")) {
                ours = line.endsWith(ending);
            } else if (ours && words[0].equals("Rss:")) {
                return Long.parseLong(words[1]);
            }
        }
        throw new AssertionError("no mapping of " + ending);
    }

    private static long sum(Mapping mapping) {
        long sum = 0;
        for (long at = 0; at < SIZE; at += 4096) {
            sum += mapping.segment().get(ValueLayout.JAVA_LONG, at);
        }
        return sum;
    }

    @Test
    void pagesThatAreOnlyReadAreUnmappedAndComeBack() throws IOException {
        Path file = folder.resolve("pages.forgotten");
        byte[] bytes = new byte[SIZE];
        for (int i = 0; i < SIZE; i += 4096) {
            bytes[i] = (byte) (i >> 12);
        }
        Files.write(file, bytes);
        try (Fd fd = linux.files().open(file.toString(), OpenFlag.RDONLY);
                Mapping mapping = linux.memory().mapReadOnly(fd, 0, SIZE)) {
            long before = sum(mapping);
            assertThat(resident("pages.forgotten")).isEqualTo(SIZE >> 10);
            assertThat(linux.filePages()
                            .find(FilePages.mappings(), List.of("pages.forgotten"))
                            .forget())
                    .isEqualTo(SIZE);
            assertThat(resident("pages.forgotten")).isZero();
            assertThat(sum(mapping)).isEqualTo(before);
        }
    }

    @Test
    void pagesThatMayBeWrittenStay() throws IOException {
        Path file = folder.resolve("pages.kept");
        Files.write(file, new byte[SIZE]);
        try (Fd fd = linux.files().open(file.toString(), OpenFlag.RDWR);
                Mapping mapping = linux.memory().map(fd, 0, SIZE)) {
            sum(mapping);
            assertThat(linux.filePages()
                            .find(FilePages.mappings(), List.of("pages.kept"))
                            .forget())
                    .isZero();
            assertThat(resident("pages.kept")).isEqualTo(SIZE >> 10);
        }
    }
}
