package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import ringfence.linux.Errno;

/** Lookup counts that a guest gets wrong cost nobody but the guest; both of these end virtiofsd 7.2. */
class CountsThatLieTest {
    @Test
    void moreIsForgottenThanWasLookedUp() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            Files.writeString(share.folder.resolve("file"), "content");
            long node = share.fuse.names().lookup(ROOT, "file").node();
            long handle = share.fuse.files().open(node, OpenFiles.RDONLY).handle();
            share.fuse.names().forget(node, 1000);
            assertThat(share.fuse.files().read(node, handle, 0, 100))
                    .isEqualTo("content".getBytes(StandardCharsets.UTF_8));
            share.fuse.files().release(node, handle);
            share.fuse.names().forget(node, Long.MAX_VALUE);
            share.fuse.names().forget(node, -1);
            share.fuse.names().forget(ROOT, 1 << 20);
            long again = share.fuse.names().lookup(ROOT, "file").node();
            assertThat(share.fuse.attributes().get(again).size()).isEqualTo(7);
            assertThat(share.fuse.attributes().get(ROOT).type()).isEqualTo(040000);
        }
    }

    @Test
    void aBatchSaysMoreThanItHolds() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            Files.writeString(share.folder.resolve("file"), "content");
            for (int claimed : new int[] {0, 1, 2, 3, 1000, 1 << 28, Integer.MAX_VALUE, -1}) {
                long node = share.fuse.names().lookup(ROOT, "file").node();
                share.fuse.names().forgetAll(claimed, node, 1, 0xDEAD_BEEFL, 5);
                share.fuse.names().forgetAll(claimed);
                long now = share.fuse.names().lookup(ROOT, "file").node();
                assertThat(share.fuse.attributes().get(now).size()).isEqualTo(7);
                share.fuse.names().forgetAll(1, now, 2);
            }
        }
    }

    /** What is created over a name that is there is opened; with O_EXCL it is refused. */
    @Test
    void aFileIsCreatedThatIsThere() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            Files.writeString(share.folder.resolve("file"), "content");
            Files.createDirectory(share.folder.resolve("dir"));
            long node = share.fuse.names().lookup(ROOT, "file").node();
            Created made = share.fuse.names().create(ROOT, "file", OpenFiles.RDWR, 0600);
            assertThat(made.entry().node()).isEqualTo(node);
            assertThat(made.entry().attr().size()).isEqualTo(7);
            OperationsTest.fails(
                    Errno.EEXIST, () -> share.fuse.names().create(ROOT, "file", OpenFiles.RDWR | OpenFiles.EXCL, 0600));
            OperationsTest.fails(Errno.EISDIR, () -> share.fuse.names().create(ROOT, "dir", OpenFiles.RDWR, 0600));
            Created cut = share.fuse.names().create(ROOT, "file", OpenFiles.RDWR | OpenFiles.TRUNC, 0600);
            assertThat(cut.entry().attr().size()).isZero();
        }
    }
}
