package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Errno;

/** Ranges of files: allocated, cut out, found, copied. */
class RangesTest {
    private static final String BOTH = "ringfence.it.fuse.Programs#both";
    private static final int KEEP_SIZE = 1;
    private static final int PUNCH_HOLE = 2;
    private static final int COLLAPSE = 8;
    private static final int DATA = 3;
    private static final int HOLE = 4;
    private static final int PAGE = 4096;
    private static final long MAX = Long.MAX_VALUE;

    private static Created file(Share share, String name) {
        return share.fuse.names().create(ROOT, name, OpenFiles.RDWR, 0600);
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void allocationHasModes(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            OpenFiles files = share.fuse.files();
            Created made = file(share, "f");
            long node = made.entry().node();
            long handle = made.opened().handle();
            files.fallocate(node, handle, KEEP_SIZE, 0, 8 * PAGE);
            assertThat(share.fuse.attributes().get(node).size()).isZero();
            assertThat(share.fuse.attributes().get(node).blocks()).isGreaterThanOrEqualTo(8 * PAGE / 512);
            files.write(node, handle, 0, OpenFiles.filled(3 * PAGE, 9));
            files.fallocate(node, handle, PUNCH_HOLE | KEEP_SIZE, PAGE, PAGE);
            assertThat(files.read(node, handle, PAGE - 1, 2)).isEqualTo(new byte[] {9, 0});
            assertThat(files.read(node, handle, 2 * PAGE - 1, 2)).isEqualTo(new byte[] {0, 9});
            OperationsTest.fails(Errno.ENOTSUP, () -> files.fallocate(node, handle, PUNCH_HOLE, 0, PAGE));
            OperationsTest.fails(Errno.ENOTSUP, () -> files.fallocate(node, handle, COLLAPSE, 0, PAGE));
            OperationsTest.fails(Errno.EINVAL, () -> files.fallocate(node, handle, 0, 0, 0));
            OperationsTest.fails(Errno.EINVAL, () -> files.fallocate(node, handle, 0, -1, 1));
            OperationsTest.fails(Errno.EFBIG, () -> files.fallocate(node, handle, 0, MAX, 1));
            long reading = files.open(node, OpenFiles.RDONLY).handle();
            OperationsTest.fails(Errno.EBADF, () -> files.fallocate(node, reading, 0, 0, PAGE));
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void dataAndHolesAreFound(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            OpenFiles files = share.fuse.files();
            Created made = file(share, "f");
            long node = made.entry().node();
            long handle = made.opened().handle();
            long island = 1L << 33;
            files.write(node, handle, 0, new byte[PAGE]);
            files.write(node, handle, island, new byte[PAGE]);
            share.fuse.attributes().truncate(node, island + 10 * PAGE);
            long[][] rows = {
                {0, DATA, 0},
                {0, HOLE, PAGE},
                {PAGE, DATA, island},
                {PAGE, HOLE, PAGE},
                {island + 5, DATA, island + 5},
                {island, HOLE, island + PAGE},
                {island + 10 * PAGE - 1, HOLE, island + 10 * PAGE - 1},
            };
            for (long[] row : rows) {
                assertThat(files.lseek(node, handle, row[0], (int) row[1]))
                        .as(row[0] + " " + row[1])
                        .isEqualTo(row[2]);
            }
            for (int whence : new int[] {DATA, HOLE}) {
                OperationsTest.fails(Errno.ENXIO, () -> files.lseek(node, handle, island + 10 * PAGE, whence));
                OperationsTest.fails(Errno.ENXIO, () -> files.lseek(node, handle, -1, whence));
            }
            OperationsTest.fails(Errno.ENXIO, () -> files.lseek(node, handle, island + 2 * PAGE, DATA));
            OperationsTest.fails(Errno.EINVAL, () -> files.lseek(node, handle, 0, 99));
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void copiesGoWhereTheyMay(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            OpenFiles files = share.fuse.files();
            Created from = file(share, "from");
            Created to = file(share, "to");
            long a = from.entry().node();
            long b = to.entry().node();
            long fromHandle = from.opened().handle();
            long toHandle = to.opened().handle();
            files.write(a, fromHandle, 0, OpenFiles.filled(100, 7));
            assertThat(files.copyRange(a, fromHandle, 90, b, toHandle, 1000, 1 << 20))
                    .isEqualTo(10);
            assertThat(share.fuse.attributes().get(b).size()).isEqualTo(1010);
            assertThat(files.copyRange(a, fromHandle, 100, b, toHandle, 0, 10)).isZero();
            assertThat(files.copyRange(a, fromHandle, 0, a, fromHandle, 100, 50))
                    .isEqualTo(50);
            assertThat(files.read(a, fromHandle, 0, 999)).isEqualTo(OpenFiles.filled(150, 7));
            OperationsTest.fails(
                    Errno.EINVAL, () -> files.copyRange(a, fromHandle, 0, a, fromHandle, 10, 50)); // overlap
            OperationsTest.fails(Errno.EOVERFLOW, () -> files.copyRange(a, fromHandle, -1, b, toHandle, 0, 1));
            long reading = files.open(b, OpenFiles.RDONLY).handle();
            OperationsTest.fails(Errno.EBADF, () -> files.copyRange(a, fromHandle, 0, b, reading, 0, 1));
            long appending = files.open(b, OpenFiles.RDWR | OpenFiles.APPEND).handle();
            OperationsTest.fails(Errno.EBADF, () -> files.copyRange(a, fromHandle, 0, b, appending, 0, 1));
            long writing = files.open(a, OpenFiles.WRONLY).handle();
            OperationsTest.fails(Errno.EBADF, () -> files.copyRange(a, writing, 0, b, toHandle, 0, 1));
        }
    }
}
