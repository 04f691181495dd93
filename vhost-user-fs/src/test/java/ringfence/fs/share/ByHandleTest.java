package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static ringfence.fs.share.TestFolder.ROOT;
import static ringfence.fs.share.TestGuest.RDWR;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.NodeTable;
import ringfence.fs.state.Transaction;
import ringfence.fs.tree.HandleUse;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.HandleCalls;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Statx;

/** Nodes that are opened by their handles: with few descriptors, and by a successor, wherever they are by then. */
class ByHandleTest {
    private static final int FEW = 40;
    private static final int STALE = -Errno.ESTALE.number();

    @BeforeEach
    void onlyRootMay() {
        assumeThat(Linux.system().processes().effectiveUser()).isZero();
    }

    private static TestFolder folder(int descriptors, HandleUse use) {
        return new TestFolder(ShareOptions.defaults(), descriptors, use);
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @ParameterizedTest
    @EnumSource(names = {"PREFER", "MANDATORY"})
    void moreFilesThanDescriptors(HandleUse use) throws IOException {
        try (TestFolder folder = folder(FEW, use)) {
            long[] nodes = new long[300];
            for (int i = 0; i < nodes.length; i++) {
                write(folder.path.resolve("d" + i % 7 + "/f" + i), "x".repeat(i));
                nodes[i] = folder.guest.found(folder.guest.found(ROOT, "d" + i % 7), "f" + i);
            }
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < nodes.length; i++) {
                    assertThat(folder.guest.getattr(nodes[i])).isZero();
                    assertThat(folder.guest.answer(OutLayout.ATTR_OUT_ATTR + OutLayout.ATTR_SIZE))
                            .isEqualTo(i);
                    assertThat(folder.tree.budget().taken()).isLessThanOrEqualTo(FEW);
                }
            }
            assertThat(folder.guest.found(folder.guest.found(ROOT, "d0"), "f0"))
                    .as("the same node")
                    .isEqualTo(nodes[0]);
        }
    }

    @Test
    void withoutHandlesTheDescriptorsAreTheBound() throws IOException {
        try (TestFolder folder = folder(FEW, HandleUse.NEVER)) {
            int i = 0;
            int result = 0;
            while (result == 0 && i < 300) {
                write(folder.path.resolve("f" + i), "");
                result = folder.guest.lookup(ROOT, "f" + i++);
            }
            assertThat(result).isEqualTo(-Errno.ENFILE.number());
        }
    }

    /** What was closed to make room, and is another file now, is not taken for the old one. */
    @Test
    void anEvictedFileThatTheHostRemovesIsGone() throws IOException {
        try (TestFolder folder = folder(FEW, HandleUse.PREFER)) {
            write(folder.path.resolve("file"), "old");
            long node = folder.guest.found(ROOT, "file");
            evictAll(folder);
            Files.delete(folder.path.resolve("file"));
            write(folder.path.resolve("file"), "other");
            assertThat(folder.guest.getattr(node)).isEqualTo(STALE);
            assertThat(folder.guest.found(ROOT, "file")).isNotEqualTo(node);
        }
    }

    /** It is found by its name again, for Landlock would let us open nothing else. /dev/shm forgets nothing. */
    @Test
    void anEvictedFileThatTheKernelHasForgottenIsBelowTheRoot() throws IOException {
        try (TestFolder folder = new TestFolder(ShareOptions.defaults(), FEW, HandleUse.PREFER, Path.of("/var/tmp"))) {
            Path file = folder.path.resolve("d/file");
            write(file, "text");
            long node = folder.guest.found(folder.guest.found(ROOT, "d"), "file");
            evictAll(folder);
            assertThat(openPaths()).doesNotContain(file.toString());
            for (int i = 0; i < 3; i++) { // what was used lately is spared once
                Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "2");
            }
            assertThat(folder.guest.getattr(node)).isZero();
            assertThat(openPaths()).contains(file.toString());
        }
    }

    private static List<String> openPaths() throws IOException {
        List<String> paths = new ArrayList<>();
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path fd : open) {
                try {
                    paths.add(Files.readSymbolicLink(fd).toString());
                } catch (NoSuchFileException e) {
                    continue; // closed since it was listed
                }
            }
        }
        return paths;
    }

    private static void evictAll(TestFolder folder) throws IOException {
        for (int i = 0; i < 3 * FEW; i++) {
            write(folder.path.resolve("filler/f" + i), "");
            folder.guest.found(folder.guest.found(ROOT, "filler"), "f" + i);
        }
    }

    /** The guest removes what it knows: the descriptor stays, however many others come. */
    @Test
    void anUnlinkedFileStaysOpen() throws IOException {
        try (TestFolder folder = folder(FEW, HandleUse.PREFER)) {
            write(folder.path.resolve("file"), "text");
            long node = folder.guest.found(ROOT, "file");
            evictAll(folder);
            assertThat(folder.guest.unlink(ROOT, "file").send()).isZero();
            evictAll(folder);
            assertThat(folder.guest.getattr(node)).isZero();
            folder.restart();
            evictAll(folder);
            assertThat(folder.guest.getattr(node)).isZero();
            long handle = folder.guest.open(node, RDWR);
            assertThat(folder.guest.read(node, handle, 0, 10).send()).isZero();
            assertThat(folder.guest.answered()).isEqualTo("text".getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Removing fails: the descriptor may go again. */
    @Test
    void aDirectoryThatIsNotEmptyIsNotKept() throws IOException {
        try (TestFolder folder = folder(FEW, HandleUse.PREFER)) {
            for (int i = 0; i < 2 * FEW; i++) {
                write(folder.path.resolve("d" + i + "/file"), "");
                long node = folder.guest.found(ROOT, "d" + i);
                assertThat(folder.guest.rmdir(ROOT, "d" + i).send()).isEqualTo(-Errno.ENOTEMPTY.number());
                assertThat(folder.guest.getattr(node)).isZero();
            }
            assertThat(folder.kept).isEmpty();
            assertThat(folder.tree.budget().taken()).isLessThanOrEqualTo(FEW);
        }
    }

    @ParameterizedTest
    @EnumSource(HandleUse.class)
    void aSuccessorFindsWhatTheHostHasMoved(HandleUse use) throws IOException {
        try (TestFolder folder = folder(1000, use)) {
            write(folder.path.resolve("a/b/file"), "text");
            long above = folder.guest.found(ROOT, "a");
            long directory = folder.guest.found(above, "b");
            long file = folder.guest.found(directory, "file");
            long handle = folder.guest.open(file, RDWR);
            Files.createDirectory(folder.path.resolve("c"));
            Files.move(folder.path.resolve("a/b"), folder.path.resolve("c/d"));
            Files.move(folder.path.resolve("c/d/file"), folder.path.resolve("elsewhere"));
            folder.restart();
            int expected = use == HandleUse.NEVER ? STALE : 0;
            assertThat(folder.guest.getattr(file)).isEqualTo(expected);
            assertThat(folder.guest.getattr(directory)).isEqualTo(expected);
            assertThat(folder.guest.getattr(above)).isZero();
            assertThat(folder.guest.read(file, handle, 0, 10).send()).isEqualTo(expected);
        }
    }

    @Test
    void whatWasMovedOutOfTheFolderIsGone() throws IOException {
        try (TestFolder folder = folder(1000, HandleUse.PREFER)) {
            write(folder.path.resolve("file"), "text");
            write(folder.path.resolve("directory/in"), "text");
            long file = folder.guest.found(ROOT, "file");
            long directory = folder.guest.found(ROOT, "directory");
            long in = folder.guest.found(directory, "in");
            Files.move(folder.path.resolve("file"), folder.top.resolve("root.file"));
            Files.move(folder.path.resolve("directory"), folder.top.resolve("rootdirectory"));
            folder.restart();
            for (long node : new long[] {file, directory, in}) {
                assertThat(folder.guest.getattr(node)).isEqualTo(STALE);
            }
        }
    }

    /** Somebody has written the handle of a file outside into the state. */
    @ParameterizedTest
    @EnumSource(names = {"PREFER", "MANDATORY"})
    void aForgedHandleOpensNothingOutside(HandleUse use) throws IOException {
        try (TestFolder folder = folder(1000, use);
                Arena arena = Arena.ofConfined()) {
            write(folder.path.resolve("file"), "text");
            write(folder.top.resolve("secret"), "secret");
            Files.createDirectory(folder.top.resolve("private"));
            for (String target : new String[] {"secret", "private", "."}) {
                long node = folder.guest.found(ROOT, "file");
                int slot = folder.state.nodes().slot(node);
                Statx stat = new Statx();
                MemorySegment handle = arena.allocate(HandleCalls.MAX, 8);
                try (Fd fd =
                        folder.linux.files().open(folder.top.resolve(target).toString(), OpenFlag.PATH)) {
                    assertThat(folder.linux.handles().tryHandle(fd, handle, arena.allocate(4, 4)))
                            .isZero();
                    assertThat(folder.linux.attributes().tryStat(fd, stat)).isZero();
                }
                try (Transaction transaction = folder.state.begin(0)) {
                    transaction.rebind(slot, stat.device(), stat.inode(), handle);
                    transaction.commit();
                }
                folder.restart();
                assertThat(folder.state.dropped()).as("the forgery looks right").isZero();
                assertThat(folder.guest.getattr(node)).as(target).isEqualTo(STALE);
                assertThat(folder.tree.nodes().peek(slot)).isNull();
                assertThat(slot).isNotEqualTo(NodeTable.ROOT);
            }
        }
    }

    /** The operator changes the option between two daemons: what was recorded the other way still holds. */
    @ParameterizedTest
    @EnumSource(names = {"NEVER", "PREFER"})
    void aSuccessorWithTheOtherOptionGoesOn(HandleUse first) throws IOException {
        try (TestFolder folder = folder(1000, first)) {
            write(folder.path.resolve("a/file"), "text");
            write(folder.path.resolve("a/other"), "text");
            long directory = folder.guest.found(ROOT, "a");
            long file = folder.guest.found(directory, "file");
            long other = folder.guest.found(directory, "other");
            folder.use(first == HandleUse.NEVER ? HandleUse.PREFER : HandleUse.NEVER);
            folder.restart();
            assertThat(folder.guest.getattr(file)).isZero();
            assertThat(folder.guest.found(directory, "other")).isEqualTo(other);
            Files.delete(folder.path.resolve("a/file"));
            write(folder.path.resolve("a/file"), "new");
            folder.restart();
            assertThat(folder.guest.found(directory, "file")).isNotEqualTo(file);
            assertThat(folder.guest.getattr(file)).isEqualTo(STALE);
        }
    }
}
