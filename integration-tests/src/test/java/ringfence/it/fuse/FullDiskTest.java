package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Errno;

/** A host's file system that is full says so where it is, and goes on when there is room. */
class FullDiskTest {
    private static final String BOTH = "ringfence.it.fuse.Programs#both";
    private static final int ROOM = 64 << 10;

    private static Share share(FsProgram program, String options) throws IOException, InterruptedException {
        return Share.behind(Mounts.made("mkdir small; mount -t tmpfs -o " + options + " small small"), program);
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void aWriteThatFindsNoRoomFails(FsProgram program) throws IOException, InterruptedException {
        try (Share share = share(program, "size=64k")) {
            OpenFiles files = share.fuse.files();
            long small = share.fuse.names().lookup(ROOT, "small").node();
            Created made = share.fuse.names().create(small, "f", OpenFiles.RDWR, 0600);
            long node = made.entry().node();
            long handle = made.opened().handle();
            assertThat(files.write(node, handle, 0, new byte[2 * ROOM]))
                    .as("as much as there is room for")
                    .isEqualTo(ROOM);
            OperationsTest.fails(Errno.ENOSPC, () -> files.write(node, handle, ROOM, new byte[1]));
            OperationsTest.fails(Errno.ENOSPC, () -> files.fallocate(node, handle, 0, ROOM, ROOM));
            assertThat(share.fuse.attributes().statfs(small)[1]).isZero();
            files.flush(node, handle);
            files.fsync(node, handle, 0);
            share.fuse.attributes().truncate(node, 10);
            assertThat(files.write(node, handle, 10, new byte[100])).isEqualTo(100);
        }
    }
}
