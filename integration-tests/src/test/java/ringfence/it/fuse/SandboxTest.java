package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Errno;
import ringfence.linux.Linux;
import ringfence.sandbox.FileRules;

/** The daemon confines itself: it reaches its folder, and what has left that folder no more. */
class SandboxTest {
    private static FsProgram ours() {
        return FsProgram.ours().orElseThrow();
    }

    private static String link(long pid, String kind) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc", pid < 0 ? "self" : Long.toString(pid), "ns", kind))
                .toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"namespace", "chroot"})
    void whatTheHostHasMovedAwayIsOutOfReach(String word) throws Exception {
        assumeThat(Linux.system().confinement().landlockAbi()).isGreaterThanOrEqualTo(FileRules.LEAST_ABI);
        try (Share share = Share.of(ours(), "--sandbox=" + word)) {
            assertThat(openedOutside(share)).hasValue(Errno.EACCES);
            String status = Files.readString(Path.of("/proc/" + share.daemon.pid() + "/status"));
            assertThat(status).contains("Name:\tvhost-user-fs\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n");
            boolean alone =
                    word.equals("namespace") && Linux.system().processes().effectiveUser() == 0;
            for (String kind : List.of("net", "ipc")) {
                assertThat(link(share.daemon.pid(), kind).equals(link(-1, kind)))
                        .as(kind)
                        .isNotEqualTo(alone);
            }
        }
    }

    @Test
    void withoutOneItIsNot() throws Exception {
        try (Share share = Share.of(ours(), "--sandbox=none")) {
            assertThat(openedOutside(share)).isEmpty();
        }
    }

    /** Opens a file that the guest knows, and that lies beside the folder now. @return what it fails with */
    private static Optional<Errno> openedOutside(Share share) throws IOException {
        Files.writeString(share.folder.resolve("file"), "x");
        Files.writeString(share.folder.resolve("stays"), "y");
        long node = share.fuse.names().lookup(ROOT, "file").node();
        long other = share.fuse.names().lookup(ROOT, "stays").node();
        Files.move(share.folder.resolve("file"), share.outside().resolve("file"));
        long handle = share.fuse.files().open(other, OpenFiles.RDWR).handle();
        assertThat(share.fuse.files().read(other, handle, 0, 10)).asString().isEqualTo("y");
        try {
            share.fuse.files().open(node, OpenFiles.RDONLY);
            return Optional.empty();
        } catch (FuseException e) {
            return Optional.of(e.errno());
        }
    }
}
