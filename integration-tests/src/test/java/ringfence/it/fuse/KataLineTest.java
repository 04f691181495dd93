package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.KataFolder;
import ringfence.linux.Child;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Spawn;

/** Kata Containers' Go driver starts the daemon of a sandbox's folder so, with a socket that listens already. */
class KataLineTest {
    @TempDir
    Path directory;

    @Test
    void theDaemonServesWhatTheShimListensOnUntilTheShimKillsIt() throws Exception {
        Linux linux = Linux.system();
        Path socket = directory.resolve("virtiofsd.sock");
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Files.writeString(shared.resolve("file"), "shared");
        List<String> line = new ArrayList<>(FsProgram.ours().orElseThrow().command());
        line.addAll(KataFolder.options(shared));
        Child daemon;
        try (Fd listener = linux.sockets().listen(socket.toString(), 128)) {
            daemon = linux.processes()
                    .spawn(new Spawn(line, System.getenv(), Map.of(KataFolder.SOCKET, listener), false));
        }
        try {
            for (int vmm = 0; vmm < 2; vmm++) { // a VMM that has gone does not take the daemon along
                try (FuseSession fuse = FuseSession.open(linux, socket)) {
                    long node = fuse.names().lookup(FuseSession.ROOT, "file").node();
                    long handle = fuse.files().open(node, OpenFiles.RDONLY).handle();
                    assertThat(fuse.files().read(node, handle, 0, 100))
                            .asString()
                            .isEqualTo("shared");
                }
                assertThat(daemon.exitStatus()).isEmpty();
            }
        } finally {
            daemon.kill(9);
            assertThat(daemon.await(TimeUnit.SECONDS.toNanos(10))).hasValue(128 + 9);
            daemon.close();
        }
        assertThat(socket).as("the shim's to remove").exists();
    }
}
