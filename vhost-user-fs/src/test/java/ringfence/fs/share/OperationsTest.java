package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.fs.share.TestFolder.ROOT;
import static ringfence.fs.share.TestGuest.RDWR;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.fuse.OutLayout;

/** Each operation on a real folder, without a socket. */
class OperationsTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void namesAreMadeAndFoundAndRemoved() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            assertThat(guest.lookup(ROOT, "a")).isEqualTo(Errors.ENOENT);
            assertThat(guest.mkdir(ROOT, "a").send()).isZero();
            long a = guest.node();
            assertThat(guest.attribute(OutLayout.ATTR_MODE)).isEqualTo(040755);
            assertThat(guest.found(ROOT, "a")).isEqualTo(a);
            assertThat(guest.mkdir(ROOT, "a").send()).isEqualTo(Errors.EEXIST);
            assertThat(guest.mknod(a, "f").send()).isZero();
            long f = guest.node();
            assertThat(guest.link(f, ROOT, "g").send()).isZero();
            assertThat(guest.node()).isEqualTo(f);
            assertThat(guest.attribute(OutLayout.ATTR_NLINK)).isEqualTo(2);
            assertThat(guest.symlink(ROOT, "s", "/etc/passwd").send()).isZero();
            assertThat(guest.begin(Opcode.READLINK, guest.node()).send()).isZero();
            assertThat(guest.answered()).isEqualTo(bytes("/etc/passwd"));
            assertThat(guest.unlink(a, "f").send()).isZero();
            assertThat(guest.unlink(a, "f").send()).isEqualTo(Errors.ENOENT);
            assertThat(guest.unlink(ROOT, "a").send()).isEqualTo(Errors.EISDIR);
            assertThat(guest.rmdir(ROOT, "a").send()).isZero();
            assertThat(guest.rmdir(ROOT, "g").send()).isEqualTo(Errors.ENOTDIR);
            assertThat(folder.path.resolve("g")).isRegularFile();
            assertThat(folder.path.resolve("a")).doesNotExist();
        }
    }

    @Test
    void dataIsWrittenAndReadAtOffsets() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
            long node = guest.node();
            long handle = guest.answer(OutLayout.ENTRY);
            assertThat(guest.write(node, handle, 3, bytes("hello")).send()).isZero();
            assertThat(guest.answer32(0)).isEqualTo(5);
            assertThat(guest.read(node, handle, 0, 100).send()).isZero();
            assertThat(guest.answered()).isEqualTo(bytes("\0\0\0hello"));
            assertThat(guest.read(node, handle, 5, 2).send()).isZero();
            assertThat(guest.answered()).isEqualTo(bytes("ll"));
            assertThat(guest.release(node, handle)).isZero();
            assertThat(guest.read(node, handle, 0, 1).send()).isEqualTo(Errors.EBADF);
            assertThat(guest.release(node, handle)).isEqualTo(Errors.EBADF);
            assertThat(Files.readString(folder.path.resolve("f"))).isEqualTo("\0\0\0hello");
        }
    }

    @Test
    void createOpensWhatIsThere() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            Files.writeString(folder.path.resolve("f"), "there");
            TestGuest guest = folder.guest;
            assertThat(guest.create(ROOT, "f", RDWR | 0x80).send()).isEqualTo(Errors.EEXIST);
            assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
            assertThat(guest.read(guest.node(), guest.answer(OutLayout.ENTRY), 0, 100)
                            .send())
                    .isZero();
            assertThat(guest.answered()).isEqualTo(bytes("there"));
            assertThat(guest.create(ROOT, "f", RDWR | 0x200).send()).isZero();
            assertThat(folder.path.resolve("f")).isEmptyFile();
        }
    }

    @Test
    void directoriesAreListed() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            for (int i = 0; i < 50; i++) {
                Files.createFile(folder.path.resolve("file" + i));
            }
            TestGuest guest = folder.guest;
            List<String> plain = guest.names(Opcode.READDIR, ROOT);
            assertThat(plain).hasSize(52).doesNotHaveDuplicates().contains(".", "..", "file0", "file49");
            assertThat(folder.state.nodes().count()).isEqualTo(1);
            assertThat(guest.names(Opcode.READDIRPLUS, ROOT)).containsExactlyInAnyOrderElementsOf(plain);
            assertThat(folder.state.nodes().count()).isEqualTo(51);
            assertThat(guest.names(Opcode.READDIRPLUS, ROOT)).hasSize(52);
            long node = guest.found(ROOT, "file7");
            guest.forget(node, 2);
            assertThat(guest.getattr(node)).isZero();
            guest.forget(node, 1);
            assertThat(guest.getattr(node)).isEqualTo(-116);
            assertThat(folder.tree.budget().taken()).isEqualTo(50);
        }
    }

    @Test
    void namesMoveAndChangePlaces() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            Files.createDirectory(folder.path.resolve("d"));
            Files.writeString(folder.path.resolve("a"), "a");
            Files.writeString(folder.path.resolve("b"), "b");
            TestGuest guest = folder.guest;
            long d = guest.found(ROOT, "d");
            long a = guest.found(ROOT, "a");
            assertThat(guest.rename(ROOT, "a", d, "x", 0).send()).isZero();
            assertThat(guest.found(d, "x")).isEqualTo(a);
            assertThat(guest.rename(d, "x", ROOT, "b", 1).send()).isEqualTo(Errors.EEXIST);
            assertThat(guest.rename(d, "x", ROOT, "b", 2).send()).isZero();
            assertThat(guest.found(ROOT, "b")).isEqualTo(a);
            assertThat(guest.rename(ROOT, "nothing", d, "y", 0).send()).isEqualTo(Errors.ENOENT);
            assertThat(guest.rename(ROOT, "d", d, "inside", 0).send()).isEqualTo(Errors.EINVAL);
            assertThat(guest.rename(ROOT, "b", d, "y", 0x80).send()).isEqualTo(Errors.EINVAL);
            assertThat(Files.readString(folder.path.resolve("d/x"))).isEqualTo("b");
        }
    }

    @Test
    void attributesAreToldAndSet() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            Path file = Files.writeString(folder.path.resolve("f"), "0123456789");
            TestGuest guest = folder.guest;
            long node = guest.found(ROOT, "f");
            assertThat(guest.begin(Opcode.SETATTR, node)
                            .int32(
                                    InLayout.SETATTR_VALID,
                                    FuseFlags.FATTR_MODE | FuseFlags.FATTR_SIZE | FuseFlags.FATTR_MTIME)
                            .int32(InLayout.SETATTR_MODE, 0640)
                            .int64(InLayout.SETATTR_SIZE, 4)
                            .int64(InLayout.SETATTR_MTIME, 1_000_000)
                            .upTo(InLayout.HEADER + 88)
                            .send())
                    .isZero();
            assertThat(guest.answer32(OutLayout.ATTR_OUT_ATTR + OutLayout.ATTR_MODE))
                    .isEqualTo(0100640);
            assertThat(Files.readString(file)).isEqualTo("0123");
            assertThat(Files.getLastModifiedTime(file).toMillis()).isEqualTo(1_000_000_000);
            assertThat(guest.begin(Opcode.STATFS, ROOT).send()).isZero();
            assertThat(guest.answer32(OutLayout.STATFS_NAMELEN)).isEqualTo(255);
            assertThat(guest.getattr(12345)).isEqualTo(-116);
        }
    }

    /** Linux sends chown(-1, -1) so: it counts as a change, and a program that is nobody's new one has no set-ID bits after it. */
    @Test
    void aChangeOfNothingIsOne() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            Path file = Files.writeString(folder.path.resolve("f"), "");
            Files.setAttribute(file, "unix:mode", 04755);
            TestGuest guest = folder.guest;
            long node = guest.found(ROOT, "f");
            assertThat(guest.begin(Opcode.SETATTR, node)
                            .int32(InLayout.SETATTR_VALID, 0)
                            .upTo(InLayout.HEADER + 88)
                            .send())
                    .isZero();
            assertThat(guest.answer32(OutLayout.ATTR_OUT_ATTR + OutLayout.ATTR_MODE))
                    .isEqualTo(0100755);
        }
    }

    @Test
    void nothingButFilesAndDirectoriesIsOpened() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            Files.createSymbolicLink(folder.path.resolve("out"), Path.of("/etc"));
            assertThat(guest.begin(Opcode.MKNOD, ROOT)
                            .int32(InLayout.MKNOD_MODE, 0010644)
                            .upTo(InLayout.MKNOD_NAME)
                            .text("pipe")
                            .send())
                    .isZero();
            long pipe = guest.node();
            assertThat(guest.begin(Opcode.OPEN, pipe).upTo(InLayout.HEADER + 8).send())
                    .isEqualTo(Errors.ENXIO);
            assertThat(guest.create(ROOT, "pipe", RDWR).send()).isEqualTo(Errors.ENXIO);
            long out = guest.found(ROOT, "out");
            assertThat(guest.attribute(OutLayout.ATTR_MODE) & 0170000).isEqualTo(0120000);
            assertThat(guest.begin(Opcode.OPEN, out).upTo(InLayout.HEADER + 8).send())
                    .isEqualTo(Errors.ELOOP);
            assertThat(guest.begin(Opcode.OPENDIR, out)
                            .upTo(InLayout.HEADER + 8)
                            .send())
                    .isEqualTo(Errors.ENOTDIR);
            assertThat(guest.lookup(out, "passwd")).isEqualTo(Errors.ENOTDIR);
            assertThat(guest.create(out, "x", RDWR).send()).isEqualTo(Errors.ENOTDIR);
        }
    }

    @Test
    void aNameIsOneComponent() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            Files.createDirectory(folder.path.resolve("d"));
            long d = guest.found(ROOT, "d");
            Files.createFile(folder.path.resolve("d/x"));
            for (String name : List.of("", ".", "..", "d/x", "/etc", "../root", "d/")) {
                assertThat(guest.lookup(ROOT, name)).as(name).isEqualTo(Errors.EINVAL);
                assertThat(guest.mkdir(d, name).send()).as(name).isEqualTo(Errors.EINVAL);
                assertThat(guest.unlink(d, name).send()).as(name).isEqualTo(Errors.EINVAL);
                assertThat(guest.rmdir(d, name).send()).as(name).isEqualTo(Errors.EINVAL);
                assertThat(guest.create(d, name, RDWR).send()).as(name).isEqualTo(Errors.EINVAL);
                assertThat(guest.symlink(d, name, "t").send()).as(name).isEqualTo(Errors.EINVAL);
                assertThat(guest.rename(d, "x", d, name, 0).send()).as(name).isEqualTo(Errors.EINVAL);
                assertThat(guest.rename(d, name, d, "y", 0).send()).as(name).isEqualTo(Errors.EINVAL);
            }
            assertThat(guest.lookup(ROOT, "n".repeat(256))).isEqualTo(Errors.ENAMETOOLONG);
            assertThat(guest.lookup(ROOT, "n".repeat(255))).isEqualTo(Errors.ENOENT);
            assertThat(guest.begin(Opcode.LOOKUP, ROOT).bytes(bytes("noend")).send())
                    .isEqualTo(Errors.EINVAL);
        }
    }

    @Test
    void atTheBoundOfDescriptorsTheGuestGetsAnError() throws IOException {
        try (TestFolder folder = new TestFolder(ShareOptions.defaults(), 10)) {
            TestGuest guest = folder.guest;
            for (int i = 0; i < 20; i++) {
                Files.createFile(folder.path.resolve("f" + i));
            }
            for (int i = 0; i < 9; i++) {
                guest.found(ROOT, "f" + i);
            }
            assertThat(guest.lookup(ROOT, "f9")).isEqualTo(Errors.ENFILE);
            guest.forget(guest.found(ROOT, "f0"), 2);
            assertThat(guest.lookup(ROOT, "f9")).isZero();
            assertThat(folder.counters.value(FsCounter.FULL)).isEqualTo(1);
        }
    }

    @Test
    void aNewSessionKnowsNothingOfTheOld() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            TestGuest guest = folder.guest;
            assertThat(guest.mkdir(ROOT, "d").send()).isZero();
            long d = guest.node();
            long handle = guest.opendir(d);
            guest.init();
            assertThat(guest.getattr(d)).isEqualTo(-116);
            assertThat(guest.release(d, handle)).isEqualTo(Errors.EBADF);
            assertThat(folder.tree.budget().taken()).isEqualTo(1);
            assertThat(guest.begin(Opcode.DESTROY, 0).send()).isZero();
            assertThat(guest.lookup(ROOT, "d")).isEqualTo(Errors.EIO);
        }
    }
}
