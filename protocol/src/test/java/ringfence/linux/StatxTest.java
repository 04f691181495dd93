package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatxTest {
    private static final List<Function<Statx, Object>> TOLD_BY_BOTH = List.of(
            Statx::inode,
            Statx::fileSystem,
            Statx::mode,
            Statx::links,
            Statx::user,
            Statx::group,
            Statx::size,
            Statx::blocks,
            Statx::blockSize,
            Statx::deviceNumber,
            Statx::accessSeconds,
            Statx::accessNanos,
            Statx::modifySeconds,
            Statx::modifyNanos,
            Statx::changeSeconds,
            Statx::changeNanos);

    private final Linux linux = Linux.system();

    @TempDir
    Path directory;

    /** Where it is open without the right to read it, too. */
    @Test
    void whatFstatTellsIsWhatStatxTells() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[5000]);
        Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(-5, 123_456_789)));
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        for (Path path : List.of(file, link, directory, Path.of("/dev/null"), Path.of("/dev/urandom"))) {
            try (Fd fd = linux.files().open(path.toString(), OpenFlag.PATH, OpenFlag.NOFOLLOW)) {
                Statx wide = new Statx();
                Statx brief = new Statx();
                assertThat(linux.attributes().tryStat(fd, wide)).isZero();
                assertThat(linux.attributes().tryStatBriefly(fd, brief)).isZero();
                for (Function<Statx, Object> each : TOLD_BY_BOTH) {
                    assertThat(each.apply(brief)).as(path.toString()).isEqualTo(each.apply(wide));
                }
                assertThat(brief.isSameFile(wide)).isTrue();
                assertThat(brief.knowsBirth()).isFalse();
                assertThat(brief.isMountRoot()).isFalse();
            }
        }
    }

    /** The last answer leaves nothing behind. */
    @Test
    void aMountsRootIsForgottenAndTheMountIsHome() {
        try (Fd root = linux.files().open("/proc", OpenFlag.PATH)) {
            Statx stat = new Statx();
            assertThat(linux.attributes().tryStat(root, stat)).isZero();
            assertThat(stat.isMountRoot()).isTrue();
            stat.home(stat.mount() + 1);
            assertThat(stat.device()).isNotEqualTo(stat.fileSystem());
            assertThat(linux.attributes().tryStatBriefly(root, stat)).isZero();
            assertThat(stat.isMountRoot()).isFalse();
            assertThat(stat.device()).isEqualTo(stat.fileSystem());
        }
    }
}
