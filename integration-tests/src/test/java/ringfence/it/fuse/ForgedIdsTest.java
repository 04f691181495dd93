package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Nodes and handles that were never given out, or are no more, are refused. */
class ForgedIdsTest {
    private interface OnNode {
        void call(FuseSession fuse, long node);
    }

    private static Map<String, OnNode> onNodes() {
        Map<String, OnNode> all = new LinkedHashMap<>();
        all.put("LOOKUP", (f, n) -> f.names().lookup(n, "file"));
        all.put("GETATTR", (f, n) -> f.attributes().get(n));
        all.put("SETATTR", (f, n) -> f.attributes().chmod(n, 0777));
        all.put("READLINK", (f, n) -> f.names().readlink(n));
        all.put("SYMLINK", (f, n) -> f.names().symlink(n, "a", "b"));
        all.put("MKNOD", (f, n) -> f.names().mknod(n, "a", 0100644, 0));
        all.put("MKDIR", (f, n) -> f.names().mkdir(n, "a", 0755));
        all.put("UNLINK", (f, n) -> f.names().unlink(n, "file"));
        all.put("RMDIR", (f, n) -> f.names().rmdir(n, "dir"));
        all.put("RENAME from", (f, n) -> f.names().rename2(n, "file", ROOT, "a", 0));
        all.put("RENAME to", (f, n) -> f.names().rename2(ROOT, "file", n, "a", 0));
        all.put("LINK", (f, n) -> f.names().link(n, ROOT, "a"));
        all.put(
                "LINK to",
                (f, n) -> f.names().link(f.names().lookup(ROOT, "file").node(), n, "a"));
        all.put("OPEN", (f, n) -> f.files().open(n, OpenFiles.RDONLY));
        all.put("OPENDIR", (f, n) -> f.directories().open(n));
        all.put("CREATE", (f, n) -> f.names().create(n, "a", OpenFiles.RDWR, 0644));
        all.put("STATFS", (f, n) -> f.attributes().statfs(n));
        all.put("GETXATTR", (f, n) -> f.attributes().getXattr(n, "user.a", 100));
        return all;
    }

    private static List<Long> forged(long live, long dead) {
        List<Long> nodes = new ArrayList<>(
                List.of(0L, -1L, Long.MIN_VALUE, Long.MAX_VALUE, 0xFFFFFFFFL, 1L << 32, dead, live + (1L << 40)));
        for (int bit = 0; bit < 64; bit += 5) {
            nodes.add(live ^ 1L << bit);
        }
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 20; i++) {
            nodes.add(random.nextLong());
        }
        nodes.removeIf(node -> node == ROOT || node == live);
        return nodes;
    }

    @Test
    void nodes() throws IOException, InterruptedException {
        int tried = 0;
        try (Share share = Share.of(FsProgram.ours().orElseThrow(), "--xattr")) {
            Files.writeString(share.folder.resolve("file"), "x");
            Files.writeString(share.folder.resolve("other"), "x");
            Files.createDirectory(share.folder.resolve("dir"));
            long dead = share.fuse.names().lookup(ROOT, "other").node();
            share.fuse.names().forget(dead, 1);
            long live = share.fuse.names().lookup(ROOT, "file").node();
            for (Map.Entry<String, OnNode> operation : onNodes().entrySet()) {
                for (long node : forged(live, dead)) {
                    assertThat(failsWith(() -> operation.getValue().call(share.fuse, node)))
                            .as(operation.getKey() + " at node 0x" + Long.toHexString(node))
                            .isTrue();
                    tried++;
                }
            }
            for (long node : forged(live, dead)) {
                share.fuse.names().forget(node, 1L << 40);
            }
            assertThat(share.fuse.attributes().get(live).size()).isEqualTo(1);
            assertThat(share.folder.toFile().list()).containsExactlyInAnyOrder("file", "other", "dir");
        }
        System.out.println("counted: " + tried + " requests at forged nodes, all refused");
    }

    private static boolean failsWith(Runnable call) {
        try {
            call.run();
            return false;
        } catch (FuseException e) {
            return true;
        }
    }

    private interface OnHandle {
        void call(FuseSession fuse, long node, long handle);
    }

    private static Map<String, OnHandle> onHandles() {
        Map<String, OnHandle> all = new LinkedHashMap<>();
        all.put("READ", (f, n, h) -> f.files().read(n, h, 0, 10));
        all.put("WRITE", (f, n, h) -> f.files().write(n, h, 0, new byte[10]));
        all.put("FSYNC", (f, n, h) -> f.files().fsync(n, h, 0));
        all.put("FALLOCATE", (f, n, h) -> f.files().fallocate(n, h, 0, 0, 10));
        all.put("LSEEK", (f, n, h) -> f.files().lseek(n, h, 0, 3));
        all.put("COPY", (f, n, h) -> f.files().copyRange(n, h, 0, n, h, 100, 1));
        all.put("SETATTR", (f, n, h) -> f.attributes().truncate(n, h, 3));
        return all;
    }

    @Test
    void handles() throws IOException, InterruptedException {
        int tried = 0;
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            Files.writeString(share.folder.resolve("file"), "x");
            long node = share.fuse.names().lookup(ROOT, "file").node();
            long dead = share.fuse.files().open(node, OpenFiles.RDWR).handle();
            share.fuse.files().release(node, dead);
            long directory = share.fuse.directories().open(ROOT).handle();
            long live = share.fuse.files().open(node, OpenFiles.RDWR).handle();
            List<Long> handles = forged(live, dead);
            handles.add(directory);
            handles.remove(ROOT);
            for (Map.Entry<String, OnHandle> operation : onHandles().entrySet()) {
                for (long handle : handles) {
                    assertThat(failsWith(() -> operation.getValue().call(share.fuse, node, handle)))
                            .as(operation.getKey() + " of handle 0x" + Long.toHexString(handle))
                            .isTrue();
                    tried++;
                }
            }
            for (long handle : handles) {
                if (handle != directory) {
                    assertThat(failsWith(() -> share.fuse.directories().read(ROOT, handle, 0, 4096, true)))
                            .as("READDIRPLUS of handle 0x" + Long.toHexString(handle))
                            .isTrue();
                    tried++;
                }
            }
            assertThat(failsWith(() -> share.fuse.directories().read(ROOT, live, 0, 4096, false)))
                    .isTrue();
            assertThat(share.fuse.files().read(node, live, 0, 10)).hasSize(1);
            assertThat(share.fuse.directories().read(ROOT, directory, 0, 4096, false))
                    .hasSize(3);
        }
        System.out.println("counted: " + tried + " requests of forged handles, all refused");
    }
}
