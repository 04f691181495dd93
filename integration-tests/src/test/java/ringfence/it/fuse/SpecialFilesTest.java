package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pipes, sockets and devices are shown, and never opened: not by OPEN, not by CREATE, not for an attribute. */
class SpecialFilesTest {
    @TempDir
    Path scratch;

    private static boolean isRefused(Runnable call) {
        try {
            call.run();
            return false;
        } catch (FuseException e) {
            return true;
        }
    }

    @Test
    void noneIsOpened() throws IOException, InterruptedException {
        EscapeWatch watch = new EscapeWatch(scratch.resolve("calls"));
        List<Path> files;
        try (Share share = Share.behind(watch.command(), FsProgram.ours().orElseThrow(), "--xattr");
                ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            Names names = share.fuse.names();
            names.mknod(ROOT, "pipe", 0010666, 0);
            names.mknod(ROOT, "null", 0020666, 1 << 8 | 3);
            names.mknod(ROOT, "kvm", 0020666, 10 << 8 | 232);
            names.mknod(ROOT, "disk", 0060666, 253 << 8);
            socket.bind(UnixDomainSocketAddress.of(share.folder.resolve("socket")));
            List<String> all = List.of("pipe", "null", "kvm", "disk", "socket");
            files = all.stream().map(share.folder::resolve).toList();
            for (String name : all) {
                long node = names.lookup(ROOT, name).node();
                for (int flags : List.of(0, 1, 2, OpenFiles.TRUNC | 1, 04000)) {
                    assertThat(isRefused(() -> share.fuse.files().open(node, flags)))
                            .as(name)
                            .isTrue();
                    assertThat(isRefused(() -> names.create(ROOT, name, flags, 0666)))
                            .as(name)
                            .isTrue();
                }
                assertThat(isRefused(() -> share.fuse.directories().open(node))).isTrue();
                assertThat(isRefused(() -> share.fuse.attributes().truncate(node, 0)))
                        .as("truncate " + name)
                        .isTrue();
                assertThat(share.fuse.attributes().chmod(node, 0640).permissions())
                        .isEqualTo(0640);
                assertThat(share.fuse.attributes().chown(node, 7, 8).uid()).isEqualTo(7);
                isRefused(() -> share.fuse.attributes().setXattr(node, "trusted.a", new byte[1], 0));
                isRefused(() -> share.fuse.attributes().listXattrs(node, 100));
            }
            for (String name : all) {
                names.unlink(ROOT, name);
            }
        }
        for (Path file : files) {
            assertThat(watch.opened(file)).as(file.toString()).isEmpty();
        }
    }
}
