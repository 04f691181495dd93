package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Errno;
import ringfence.linux.Linux;

/** {@code --inode-file-handles}: many files with few descriptors, and files that the host moves behind a dead daemon's back. */
class FileHandlesTest {
    private static final int DESCRIPTORS = 512;
    private static final int FOLDERS = 20;
    private static final int FILES = 1000;

    private final Linux linux = Linux.system();

    @BeforeEach
    void onlyRootMay() {
        assumeThat(linux.processes().effectiveUser()).isZero();
    }

    private static FsProgram ours() {
        return FsProgram.ours().orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"prefer", "mandatory", "never"})
    void manyFilesWithFewDescriptors(String use) throws IOException, InterruptedException {
        List<String> limit = List.of("prlimit", "--nofile=" + DESCRIPTORS + ":" + DESCRIPTORS);
        try (Share share = Share.behind(limit, ours(), "--inode-file-handles=" + use)) {
            for (int i = 0; i < FOLDERS * FILES; i++) {
                Path file = share.folder.resolve(folder(i)).resolve("f" + i);
                Files.createDirectories(file.getParent());
                Files.writeString(file, "x".repeat(i % 50));
            }
            if (use.equals("never")) {
                assertThatThrownBy(() -> lookUp(share.fuse)).hasMessageContaining(Errno.ENFILE.toString());
                assertThat(share.fuse.attributes().get(ROOT).size()).isNotNegative();
                return;
            }
            long begin = System.nanoTime();
            List<Long> nodes = lookUp(share.fuse);
            for (int i = 0; i < nodes.size(); i++) {
                assertThat(share.fuse.attributes().get(nodes.get(i)).size()).isEqualTo(i % 50);
            }
            assertThat(lookUp(share.fuse)).as("each file is one node").isEqualTo(nodes);
            for (int i = 0; i < nodes.size(); i += 97) {
                long handle =
                        share.fuse.files().open(nodes.get(i), OpenFiles.RDONLY).handle();
                assertThat(share.fuse.files().read(nodes.get(i), handle, 0, 100))
                        .hasSize(i % 50);
                share.fuse.files().release(nodes.get(i), handle);
            }
            System.out.println("counted: " + nodes.size() + " nodes with " + DESCRIPTORS + " descriptors, " + use + ": "
                    + (System.nanoTime() - begin) / 1_000_000 + " ms");
        }
    }

    private static String folder(int file) {
        return "d" + file / FILES;
    }

    private static List<Long> lookUp(FuseSession fuse) {
        List<Long> nodes = new ArrayList<>();
        long folder = 0;
        for (int i = 0; i < FOLDERS * FILES; i++) {
            folder = i % FILES == 0 ? fuse.names().lookup(ROOT, folder(i)).node() : folder;
            nodes.add(fuse.names().lookup(folder, "f" + i).node());
        }
        return nodes;
    }

    /** The daemon is dead; somebody on the host moves what the guest has open, looks at, or stands in. */
    @ParameterizedTest
    @ValueSource(strings = {"prefer", "mandatory", "never"})
    void filesThatMoveWhileTheDaemonIsDead(String use) throws IOException {
        try (HostFolder top = HostFolder.make();
                FsSuccession succession = new FsSuccession(
                        linux,
                        ours(),
                        Files.createDirectory(top.path().resolve("root")),
                        "--inode-file-handles=" + use);
                FuseSession fuse = FuseSession.open(linux, succession.socket())) {
            fuse.guest().recovery(succession);
            Path root = top.path().resolve("root");
            long folder = fuse.names().mkdir(ROOT, "folder", 0755).node();
            Created open = fuse.names().create(folder, "open", OpenFiles.RDWR, 0644);
            long file = open.entry().node();
            fuse.files().write(file, open.opened().handle(), 0, "text".getBytes(StandardCharsets.UTF_8));
            long known = fuse.names()
                    .create(folder, "known", OpenFiles.RDWR, 0644)
                    .entry()
                    .node();
            long leaving = fuse.names()
                    .create(folder, "leaving", OpenFiles.RDWR, 0644)
                    .entry()
                    .node();
            succession.kill();
            Files.move(root.resolve("folder/leaving"), top.path().resolve("left"));
            Files.move(root.resolve("folder/open"), root.resolve("moved"));
            Files.move(root.resolve("folder"), root.resolve("renamed"));
            boolean lost = use.equals("never");
            for (long node : new long[] {folder, file, known}) {
                if (lost) {
                    assertStale(fuse, node);
                } else {
                    assertThat(fuse.attributes().get(node).size()).isNotNegative();
                }
            }
            if (!lost) {
                assertThat(fuse.files().read(file, open.opened().handle(), 0, 10))
                        .isEqualTo("text".getBytes(StandardCharsets.UTF_8));
                assertThat(fuse.names().lookup(folder, "known").node()).isEqualTo(known);
                assertThat(fuse.names().lookup(ROOT, "moved").node()).isEqualTo(file);
            }
            assertStale(fuse, leaving);
        }
    }

    private static void assertStale(FuseSession fuse, long node) {
        assertThatThrownBy(() -> fuse.attributes().get(node)).hasMessageContaining(Errno.ESTALE.toString());
    }

    @Test
    void mandatoryIsRefusedWhereItCannotBe() throws IOException, InterruptedException {
        assertThat(refusal(List.of(), "/proc/sys"))
                .isEqualTo(
                        "vhost-user-fs: --inode-file-handles=mandatory: the folder's file system has no file handles: "
                                + Errno.ENOTSUP.text() + "; give prefer, or never");
        try (HostFolder folder = HostFolder.make()) {
            assertThat(refusal(
                            List.of("setpriv", "--bounding-set=-dac_read_search"),
                            folder.path().toString()))
                    .isEqualTo(
                            "vhost-user-fs: --inode-file-handles=mandatory: only root may open files by their handles"
                                    + " (CAP_DAC_READ_SEARCH); give prefer, or never");
        }
    }

    private static String refusal(List<String> before, String folder) throws IOException, InterruptedException {
        try (HostFolder sockets = HostFolder.make()) {
            List<String> command = new ArrayList<>(before);
            command.addAll(ours().on(
                            Path.of(folder),
                            sockets.path().resolve("s"),
                            "auto",
                            List.of("--inode-file-handles=mandatory")));
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).isEqualTo(2);
            assertThat(said.lines()).hasSize(1);
            return said.strip();
        }
    }

    /** Where there are none, prefer is as good as never. */
    @Test
    void preferDoesWithout() throws IOException, InterruptedException {
        List<String> before = List.of("setpriv", "--bounding-set=-dac_read_search");
        try (Share share = Share.behind(before, ours(), "--inode-file-handles=prefer")) {
            Files.writeString(share.folder.resolve("file"), "text");
            long node = share.fuse.names().lookup(ROOT, "file").node();
            assertThat(share.fuse.attributes().get(node).size()).isEqualTo(4);
        }
    }
}
