package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Errno;

/** A guest that holds more than a daemon may is told so, and life goes on. */
class LimitsTest {
    private static final int DESCRIPTORS = 300;
    private static final int FILES = 1000;

    @ParameterizedTest
    @ValueSource(strings = {"never", "prefer"})
    void ofDescriptors(String fileHandles) throws IOException, InterruptedException {
        List<String> limit = List.of("prlimit", "--nofile=" + DESCRIPTORS + ":" + DESCRIPTORS);
        try (Share share = Share.behind(limit, FsProgram.ours().orElseThrow(), "--inode-file-handles=" + fileHandles)) {
            for (int i = 0; i < FILES; i++) {
                Files.writeString(share.folder.resolve("f" + i), "x");
            }
            for (int again = 0; again < 3; again++) {
                List<Long> nodes = new ArrayList<>();
                List<Long> handles = new ArrayList<>();
                Errno met = fill(share.fuse, nodes, handles);
                assertThat(met).isEqualTo(Errno.ENFILE);
                assertThat(handles.size() + nodes.size()).isGreaterThan(100);
                long node = nodes.getFirst();
                if (!handles.isEmpty()) {
                    assertThat(share.fuse.files().read(node, handles.getFirst(), 0, 10))
                            .hasSize(1);
                }
                assertThat(share.fuse.attributes().get(node).size()).isEqualTo(1);
                for (int i = 0; i < handles.size(); i++) {
                    share.fuse.files().release(nodes.get(i), handles.get(i));
                }
                for (long forgotten : nodes) {
                    share.fuse.names().forget(forgotten, 1);
                }
            }
            assertThat(share.daemon.isAlive()).isTrue();
        }
    }

    /** Looks up and opens until it is refused. */
    private static Errno fill(FuseSession fuse, List<Long> nodes, List<Long> handles) {
        try {
            for (int i = 0; i < FILES; i++) {
                long node = fuse.names().lookup(ROOT, "f" + i).node();
                nodes.add(node);
                handles.add(fuse.files().open(node, OpenFiles.RDONLY).handle());
            }
        } catch (FuseException e) {
            return e.errno();
        }
        return null;
    }
}
