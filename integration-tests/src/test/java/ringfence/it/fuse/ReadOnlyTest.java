package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ObjLongConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Errno;

/** {@code --readonly}: every request that would change something is refused as a read-only file system does. */
class ReadOnlyTest {
    private static final Map<String, ObjLongConsumer<FuseSession>> CHANGES = changes();

    private static Share share;
    private static long file;

    private static Map<String, ObjLongConsumer<FuseSession>> changes() {
        Map<String, ObjLongConsumer<FuseSession>> all = new LinkedHashMap<>();
        for (Maker maker : Maker.values()) {
            all.put(maker.toString(), (f, _) -> maker.make(f, ROOT, "new", 0644));
        }
        all.put("MKNOD of a pipe", (f, _) -> f.names().mknod(ROOT, "new", 0010644, 0));
        all.put("LINK", (f, n) -> f.names().link(n, ROOT, "new"));
        all.put("UNLINK", (f, _) -> f.names().unlink(ROOT, "file"));
        all.put("RMDIR", (f, _) -> f.names().rmdir(ROOT, "dir"));
        all.put("RENAME", (f, _) -> f.names().rename(ROOT, bytes("file"), ROOT, bytes("new")));
        all.put("RENAME2", (f, _) -> f.names().rename2(ROOT, "file", ROOT, "dir", 2));
        all.put("SETATTR mode", (f, n) -> f.attributes().chmod(n, 0777));
        all.put("SETATTR owner", (f, n) -> f.attributes().chown(n, 1, 1));
        all.put("SETATTR size", (f, n) -> f.attributes().truncate(n, 0));
        all.put("SETATTR times", (f, n) -> f.attributes().times(n, 1, 1));
        all.put("SETXATTR", (f, n) -> f.attributes().setXattr(n, "user.a", new byte[1], 0));
        all.put("REMOVEXATTR", (f, n) -> f.attributes().removeXattr(n, "user.a"));
        all.put("OPEN to write", (f, n) -> f.files().open(n, OpenFiles.WRONLY));
        all.put("OPEN to write and read", (f, n) -> f.files().open(n, OpenFiles.RDWR));
        all.put("OPEN to cut", (f, n) -> f.files().open(n, OpenFiles.RDONLY | OpenFiles.TRUNC));
        all.put("ACCESS to write", (f, n) -> f.attributes().access(n, 2));
        all.put("FALLOCATE", (f, n) -> f.files().fallocate(n, reading(f, n), 0, 0, 10));
        all.put("COPY_FILE_RANGE", (f, n) -> f.files().copyRange(n, reading(f, n), 0, n, reading(f, n), 9, 1));
        return all;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static long reading(FuseSession fuse, long node) {
        return fuse.files().open(node, OpenFiles.RDONLY).handle();
    }

    @BeforeAll
    static void begin() throws IOException, InterruptedException {
        share = Share.of(FsProgram.ours().orElseThrow(), "--readonly", "--xattr");
        Files.writeString(share.folder.resolve("file"), "content");
        Files.createDirectory(share.folder.resolve("dir"));
        HostXattr.set(share.folder.resolve("file"), "user.a", new byte[3]);
        file = share.fuse.names().lookup(ROOT, "file").node();
    }

    @AfterAll
    static void end() throws IOException {
        share.close();
    }

    static Iterable<String> names() {
        return CHANGES.keySet();
    }

    @ParameterizedTest
    @MethodSource("names")
    void isRefused(String change) throws IOException {
        Attr before = share.fuse.attributes().get(file);
        OperationsTest.fails(Errno.EROFS, () -> CHANGES.get(change).accept(share.fuse, file));
        assertThat(share.fuse.attributes().get(file)).isEqualTo(before);
        try (var names = Files.list(share.folder)) {
            assertThat(names)
                    .extracting(path -> path.getFileName().toString())
                    .containsExactlyInAnyOrder("file", "dir");
        }
    }

    @Test
    void everythingElseIsServed() {
        FuseSession fuse = share.fuse;
        long handle = reading(fuse, file);
        assertThat(fuse.files().read(file, handle, 0, 100)).hasSize(7);
        OperationsTest.fails(Errno.EBADF, () -> fuse.files().write(file, handle, 0, new byte[1]));
        fuse.files().flush(file, handle);
        fuse.files().fsync(file, handle, 0);
        assertThat(fuse.files().lseek(file, handle, 0, 4)).isEqualTo(7);
        fuse.files().release(file, handle);
        assertThat(fuse.attributes().getXattr(file, "user.a", 10)).hasSize(3);
        assertThat(fuse.attributes().listXattrs(file, 100)).contains("user.a");
        assertThat(fuse.attributes().statfs(ROOT)[0]).isPositive();
        fuse.attributes().access(file, 4);
        assertThat(fuse.directories().all(ROOT, 4096, true)).hasSize(4);
    }
}
