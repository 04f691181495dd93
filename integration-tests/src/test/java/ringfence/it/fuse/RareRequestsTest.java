package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Errno;

/** Requests that few programs make. */
class RareRequestsTest {
    private static final String BOTH = "ringfence.it.fuse.Programs#both";
    private static final int NO_REPLACE = 1;
    private static final int EXCHANGE = 2;
    private static final int WHITEOUT = 4;
    private static final long SECOND = 1_000_000_000L;

    @ParameterizedTest
    @MethodSource(BOTH)
    void aLinkMayHaveASecondNameAndTimesAndAnOwner(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            Names names = share.fuse.names();
            Entry link = names.symlink(ROOT, "link", "nowhere");
            Entry second = names.link(link.node(), ROOT, "second");
            assertThat(second.node()).isEqualTo(link.node());
            assertThat(second.attr().links()).isEqualTo(2);
            assertThat(names.readlink(second.node())).isEqualTo("nowhere");
            assertThat(Files.isSymbolicLink(share.folder.resolve("second"))).isTrue();
            assertThat(share.fuse.attributes().chown(link.node(), 5, 6).uid()).isEqualTo(5);
            assertThat(share.fuse
                            .attributes()
                            .times(link.node(), 7 * SECOND, 8 * SECOND)
                            .mtimeNanos())
                    .isEqualTo(8 * SECOND);
            OperationsTest.fails(Errno.ENOTSUP, () -> share.fuse.attributes().chmod(link.node(), 0600));
            OperationsTest.fails(Errno.EEXIST, () -> names.link(link.node(), ROOT, "link"));
            long folder = names.mkdir(ROOT, "folder", 0755).node();
            OperationsTest.fails(Errno.EPERM, () -> names.link(folder, ROOT, "third"));
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void aNameThatMovesMayLeaveAWhiteout(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            Names names = share.fuse.names();
            Entry file = names.mknod(ROOT, "a", 0100644, 0);
            names.rename2(ROOT, "a", ROOT, "b", WHITEOUT);
            assertThat(names.lookup(ROOT, "b").node()).isEqualTo(file.node());
            Attr left = names.lookup(ROOT, "a").attr();
            assertThat(left.type()).isEqualTo(0020000);
            assertThat(left.device()).isZero();
            OperationsTest.fails(Errno.EINVAL, () -> names.rename2(ROOT, "b", ROOT, "a", NO_REPLACE | EXCHANGE));
            OperationsTest.fails(Errno.EINVAL, () -> names.rename2(ROOT, "b", ROOT, "a", WHITEOUT | EXCHANGE));
            OperationsTest.fails(Errno.EINVAL, () -> names.rename2(ROOT, "b", ROOT, "a", 8));
            OperationsTest.fails(Errno.ENOENT, () -> names.rename2(ROOT, "b", ROOT, "c", EXCHANGE));
            OperationsTest.fails(Errno.EEXIST, () -> names.rename2(ROOT, "b", ROOT, "b", NO_REPLACE));
            names.rename2(ROOT, "b", ROOT, "c", NO_REPLACE);
            assertThat(names.lookup(ROOT, "c").node()).isEqualTo(file.node());
        }
    }

    @Test
    void aFileWithoutANameMayGetOne() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            Created made = share.fuse.files().tmpfile(ROOT, OpenFiles.RDWR, 0640);
            long node = made.entry().node();
            assertThat(made.entry().attr().links()).isZero();
            assertThat(made.entry().attr().mode()).isEqualTo(0100640);
            assertThat(share.folder).isEmptyDirectory();
            share.fuse.files().write(node, made.opened().handle(), 0, new byte[9]);
            Entry named = share.fuse.names().link(node, ROOT, "named");
            assertThat(named.node()).isEqualTo(node);
            assertThat(named.attr().links()).isEqualTo(1);
            assertThat(named.attr().size()).isEqualTo(9);
            share.fuse.files().release(node, made.opened().handle());
            assertThat(share.fuse
                            .files()
                            .tmpfile(ROOT, OpenFiles.WRONLY | OpenFiles.EXCL, 0600)
                            .entry()
                            .node())
                    .isNotEqualTo(node);
        }
    }

    @Test
    void aFileThatIsToStayWithoutANameDoes() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            Created made = share.fuse.files().tmpfile(ROOT, OpenFiles.RDWR | OpenFiles.EXCL, 0600);
            OperationsTest.fails(
                    Errno.ENOENT, () -> share.fuse.names().link(made.entry().node(), ROOT, "named"));
            OperationsTest.fails(Errno.EINVAL, () -> share.fuse.files().tmpfile(ROOT, OpenFiles.RDONLY, 0600));
            long file = share.fuse.names().mknod(ROOT, "file", 0100644, 0).node();
            OperationsTest.fails(Errno.ENOTDIR, () -> share.fuse.files().tmpfile(file, OpenFiles.RDWR, 0600));
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void theFileSystemTellsItsSize(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            FileStore host = Files.getFileStore(share.folder);
            share.fuse.begin(Opcode.STATFS, ROOT);
            FuseReply reply = share.fuse.call(80).atLeast(80);
            long unit = reply.u32(48);
            assertThat(reply.u64(0) * unit).isEqualTo(host.getTotalSpace());
            assertThat(reply.u64(16) * unit).isBetween(1L, host.getTotalSpace());
            assertThat(reply.u32(40)).as("block size").isEqualTo(4096);
            assertThat(reply.u32(44)).as("longest name").isEqualTo(255);
            share.fuse.begin(Opcode.SYNCFS, ROOT).u64(0);
            share.fuse.call(0);
        }
    }

    /** ENOTTY is what a program expects that asks a file for what a terminal can do. */
    @Test
    void commandsToDevicesAreRefused() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            Created made = share.fuse.names().create(ROOT, "f", OpenFiles.RDWR, 0600);
            for (int command : new int[] {0x5401, 0x80086601, 0x40086602, 0x801C581F, -1}) {
                share.fuse
                        .begin(Opcode.IOCTL, made.entry().node())
                        .u64(made.opened().handle())
                        .u32(0)
                        .u32(command)
                        .u64(0)
                        .u32(0)
                        .u32(8);
                assertThat(share.fuse.tryCall(0, 16, 0)).isEqualTo(-Errno.ENOTTY.number());
            }
        }
    }

    @Test
    void whatTheGuestDoesItselfIsNotServed() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            for (int opcode : new int[] {37, 40, 48, 49, 53, 1000, -1}) { // BMAP, POLL, DAX's two, those to come
                share.fuse.begin(opcode, ROOT).u64(0).u64(0).u64(0).u64(0).u64(0);
                assertThat(share.fuse.tryCall(0, 64, 0)).as("opcode " + opcode).isEqualTo(-Errno.ENOSYS.number());
            }
        }
    }
}
