package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static ringfence.fs.share.TestFolder.ROOT;
import static ringfence.fs.share.TestGuest.RDWR;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.tree.HandleUse;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/** A file that the guest has made has one descriptor for its handle and its node, until the handle ends. */
class LentDescriptorTest {
    private static final int FEW = 40;
    /** Taken by the root. */
    private static final int NOTHING = 1;

    /** What is open of a file: {@code opens}, a descriptor that can read or write; {@code names}, one that cannot. */
    private static List<String> open(Path file) throws IOException {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path fd : descriptors) {
                try {
                    if (Files.readSymbolicLink(fd).toString().startsWith(file.toString())) {
                        found.add(flags(fd.getFileName()));
                    }
                } catch (NoSuchFileException e) {
                    continue; // closed since it was listed
                }
            }
        }
        return found;
    }

    private static String flags(Path fd) throws IOException {
        String info = Files.readString(Path.of("/proc/self/fdinfo").resolve(fd));
        String octal = info.lines()
                .filter(line -> line.startsWith("flags:"))
                .findFirst()
                .orElseThrow()
                .substring(6)
                .strip();
        return (Integer.parseInt(octal, 8) & OpenFlag.PATH.bits()) != 0 ? "names" : "opens";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @EnumSource(HandleUse.class)
    void itHasOneUntilItIsClosedAndOneAfter(HandleUse use) throws IOException {
        assumeThat(use == HandleUse.NEVER || Linux.system().processes().effectiveUser() == 0)
                .isTrue();
        try (TestFolder folder = new TestFolder(ShareOptions.defaults(), 1000, use)) {
            TestGuest guest = folder.guest;
            Path file = folder.path.resolve("f");
            assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
            long node = guest.node();
            long handle = guest.answer(OutLayout.ENTRY);
            assertThat(open(file)).containsExactly("opens");
            assertThat(guest.getattr(node)).isZero();
            assertThat(folder.tree.budget().taken())
                    .as("one is promised to the node")
                    .isEqualTo(NOTHING + 2);
            assertThat(guest.release(node, handle)).isZero();
            assertThat(open(file)).as("nobody holds it open for writing").containsExactly("names");
            assertThat(folder.tree.budget().taken()).isEqualTo(NOTHING + 1);
            assertThat(guest.getattr(node)).isZero();
            assertThat(guest.found(ROOT, "f")).isEqualTo(node);
            guest.forget(node, 2);
            assertThat(open(file)).isEmpty();
            assertThat(folder.tree.budget().taken()).isEqualTo(NOTHING);
        }
    }

    @Test
    void otherHandlesComeAndGo() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
            long node = guest.node();
            long first = guest.answer(OutLayout.ENTRY);
            assertThat(guest.write(node, first, 0, bytes("text")).send()).isZero();
            long second = guest.open(node, RDWR);
            long third = guest.open(node, RDWR);
            assertThat(guest.release(node, second)).isZero();
            assertThat(open(folder.path.resolve("f"))).containsExactly("opens", "opens");
            assertThat(guest.release(node, first)).isZero();
            assertThat(open(folder.path.resolve("f"))).containsExactlyInAnyOrder("opens", "names");
            assertThat(guest.read(node, third, 0, 10).send()).isZero();
            assertThat(guest.answered()).isEqualTo(bytes("text"));
            assertThat(guest.release(node, first)).isEqualTo(Errors.EBADF);
            assertThat(guest.release(node, third)).isZero();
            assertThat(folder.tree.budget().taken()).isEqualTo(NOTHING + 1);
        }
    }

    @Test
    void theGuestForgetsItFirst() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
            long node = guest.node();
            long handle = guest.answer(OutLayout.ENTRY);
            guest.forget(node, 1);
            assertThat(guest.write(node, handle, 0, bytes("text")).send()).isZero();
            assertThat(guest.release(node, handle)).isZero();
            assertThat(open(folder.path.resolve("f"))).isEmpty();
            assertThat(folder.tree.budget().taken()).isEqualTo(NOTHING);
            assertThat(Files.readString(folder.path.resolve("f"))).isEqualTo("text");
        }
    }

    @Test
    void theSessionEndsFirst() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            assertThat(folder.guest.create(ROOT, "f", RDWR).send()).isZero();
            folder.guest.init();
            folder.guest.getattr(ROOT);
            assertThat(open(folder.path.resolve("f"))).isEmpty();
            assertThat(folder.tree.budget().taken()).isEqualTo(NOTHING);
        }
    }

    /** Another writer on the host is between our making the file and our looking at it. */
    @Test
    void theNodeIsThatOfTheFileThatWasMade() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            Path file = folder.path.resolve("f");
            folder.crash((point, opcode) -> {
                if (point == CrashPoints.At.EFFECT && opcode == Opcode.CREATE) {
                    try {
                        Files.move(file, folder.path.resolve("moved"));
                        Files.writeString(file, "another one");
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            });
            TestGuest guest = folder.guest;
            assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
            long node = guest.node();
            long handle = guest.answer(OutLayout.ENTRY);
            assertThat(guest.write(node, handle, 0, bytes("made")).send()).isZero();
            assertThat(guest.release(node, handle)).isZero();
            assertThat(guest.begin(Opcode.SETATTR, node)
                            .int32(InLayout.SETATTR_VALID, 1)
                            .int32(InLayout.SETATTR_MODE, 0600)
                            .upTo(InLayout.HEADER + 88)
                            .send())
                    .isZero();
            assertThat(Files.readString(folder.path.resolve("moved"))).isEqualTo("made");
            assertThat(Files.getAttribute(folder.path.resolve("moved"), "unix:mode"))
                    .isEqualTo(0100600);
            assertThat(Files.readString(file)).isEqualTo("another one");
            assertThat(guest.found(ROOT, "f")).isNotEqualTo(node);
        }
    }

    /** Whoever keeps it would otherwise hold the guest's handle open, with its right to write, beyond its end. */
    @Test
    void whatIsKeptOfAnUnlinkedFileDoesNotOpenIt() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            Path file = folder.path.resolve("f");
            assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
            long node = guest.node();
            long handle = guest.answer(OutLayout.ENTRY);
            assertThat(guest.write(node, handle, 0, bytes("text")).send()).isZero();
            assertThat(guest.unlink(ROOT, "f").send()).isZero();
            assertThat(folder.kept).hasSize(1);
            assertThat(open(file)).as("handle, node, keeper").containsExactlyInAnyOrder("opens", "names", "names");
            assertThat(guest.release(node, handle)).isZero();
            assertThat(open(file)).containsExactly("names", "names");
            folder.restart();
            long again = guest.open(node, RDWR);
            assertThat(guest.read(node, again, 0, 10).send()).isZero();
            assertThat(guest.answered()).isEqualTo(bytes("text"));
            assertThat(guest.release(node, again)).isZero();
            guest.forget(node, 1);
            assertThat(folder.kept).isEmpty();
            assertThat(open(file)).isEmpty();
        }
    }

    @Test
    void oneThatIsOpenSurvivesTheDaemon() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
            long node = guest.node();
            long handle = guest.answer(OutLayout.ENTRY);
            folder.restart();
            assertThat(guest.write(node, handle, 0, bytes("text")).send()).isZero();
            assertThat(open(folder.path.resolve("f"))).containsExactlyInAnyOrder("opens", "names");
            assertThat(guest.release(node, handle)).isZero();
            assertThat(open(folder.path.resolve("f"))).containsExactly("names");
        }
    }

    /** The cache of nodes lets go of lent ones as of others; handles find them again. */
    @Test
    void moreAreMadeThanThereAreDescriptors() throws IOException {
        assumeThat(Linux.system().processes().effectiveUser()).isZero();
        try (TestFolder folder = new TestFolder(ShareOptions.defaults(), FEW, HandleUse.PREFER)) {
            TestGuest guest = folder.guest;
            long[] nodes = new long[300];
            long[] handles = new long[nodes.length];
            int late = FEW / 4;
            for (int i = 0; i < nodes.length; i++) {
                assertThat(guest.create(ROOT, "f" + i, RDWR).send()).isZero();
                nodes[i] = guest.node();
                handles[i] = guest.answer(OutLayout.ENTRY);
                assertThat(guest.write(nodes[i], handles[i], 0, new byte[i]).send())
                        .isZero();
                if (i >= late) {
                    assertThat(guest.release(nodes[i - late], handles[i - late]))
                            .isZero();
                }
                assertThat(folder.tree.budget().taken()).isLessThanOrEqualTo(FEW);
            }
            for (int i = 0; i < nodes.length; i++) {
                assertThat(guest.getattr(nodes[i])).isZero();
                assertThat(guest.answer(OutLayout.ATTR_OUT_ATTR + OutLayout.ATTR_SIZE))
                        .isEqualTo(i);
            }
        }
    }
}
