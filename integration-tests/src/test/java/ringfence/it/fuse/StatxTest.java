package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import ringfence.linux.Errno;

/** STATX: guests since 6.6 ask by it when a program, stat(1) for one, wants to know when a file was made. */
class StatxTest {
    private static final int BASIC = 0x7FF;
    private static final int BIRTH = 0x800;
    private static final int HANDLE = 1;
    private static final int SIZE = 32 + 256;
    /** Of struct fuse_statx in the reply. */
    private static final int STAT = 32;

    private static FuseReply ask(Share share, long node, long handle, int mask) {
        share.fuse
                .begin(Opcode.STATX, node)
                .u32(handle == 0 ? 0 : HANDLE)
                .u32(0)
                .u64(handle)
                .u32(0)
                .u32(mask);
        return share.fuse.call(SIZE).atLeast(SIZE);
    }

    private static long nanos(FuseReply reply, int at) {
        return reply.u64(STAT + at) * 1_000_000_000L + reply.u32(STAT + at + 8);
    }

    @Test
    void tellsWhatGetattrTellsAndTheBirth() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            long before = TimeUnit.SECONDS.toNanos(Instant.now().getEpochSecond() - 1);
            Created made = share.fuse.names().create(ROOT, "f", OpenFiles.RDWR, 0640);
            long node = made.entry().node();
            share.fuse.files().write(node, made.opened().handle(), 0, new byte[5000]);
            share.fuse.attributes().chown(node, 5, 6);
            share.fuse.attributes().times(node, 11, 12);
            Attr attr = share.fuse.attributes().get(node);
            for (long handle : new long[] {0, made.opened().handle()}) {
                FuseReply reply = ask(share, node, handle, BASIC | BIRTH);
                assertThat(reply.u64(0)).as("seconds that it holds").isEqualTo(1);
                assertThat(reply.u32(STAT) & (BASIC | BIRTH)).isEqualTo(BASIC | BIRTH);
                assertThat(reply.u32(STAT + 16)).as("links").isEqualTo(1);
                assertThat(reply.u32(STAT + 20)).as("user").isEqualTo(5);
                assertThat(reply.u32(STAT + 24)).as("group").isEqualTo(6);
                assertThat(reply.u32(STAT + 28) & 0xFFFF).as("mode").isEqualTo(0100640);
                assertThat(reply.u64(STAT + 32)).as("inode").isEqualTo(attr.inode());
                assertThat(reply.u64(STAT + 40)).as("size").isEqualTo(5000);
                assertThat(reply.u64(STAT + 48)).as("blocks").isEqualTo(attr.blocks());
                assertThat(nanos(reply, 64)).as("access").isEqualTo(11);
                assertThat(nanos(reply, 80)).as("birth").isGreaterThan(before);
                assertThat(nanos(reply, 96)).as("change").isEqualTo(attr.ctimeNanos());
                assertThat(nanos(reply, 112)).as("data's change").isEqualTo(12);
            }
            assertThat(born(share.folder.resolve("f"))).isEqualTo(nanos(ask(share, node, 0, BIRTH), 80));
        }
    }

    private static long born(Path file) throws IOException {
        FileTime time = (FileTime) Files.getAttribute(file, "creationTime", LinkOption.NOFOLLOW_LINKS);
        return TimeUnit.SECONDS.toNanos(time.toInstant().getEpochSecond())
                + time.toInstant().getNano();
    }

    @Test
    void tellsDevicesAndRefusesWhatIsNone() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow(), "--translate-uid=map:0:100000:10")) {
            long node = share.fuse
                    .names()
                    .mknod(ROOT, "d", 0020600, 300 << 8 | 7 | 1 << 20)
                    .node();
            FuseReply reply = ask(share, node, 0, BASIC);
            assertThat(reply.u32(STAT + 20)).as("the guest's user").isZero();
            assertThat(reply.u32(STAT + 128)).as("major").isEqualTo(300);
            assertThat(reply.u32(STAT + 132)).as("minor").isEqualTo(256 + 7);
            assertThat(ask(share, ROOT, 0, BASIC).u32(STAT + 28) & 0xF000).isEqualTo(040000);
            OperationsTest.fails(Errno.ESTALE, () -> ask(share, node + 7, 0, BASIC));
        }
    }
}
