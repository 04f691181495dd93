package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Errno;

/** Each operation that a Linux guest uses does what it says, in our daemon and in virtiofsd. */
class OperationsTest {
    private static final String BOTH = "ringfence.it.fuse.Programs#both";
    private static final long BILLION = 1_000_000_000L;

    static void fails(Errno errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        FuseException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void namesComeAndGo(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            Names names = share.fuse.names();
            fails(Errno.ENOENT, () -> names.lookup(ROOT, "a"));
            Entry dir = names.mkdir(ROOT, "a", 0750);
            assertThat(Files.isDirectory(share.folder.resolve("a"))).isTrue();
            assertThat(dir.attr().mode()).isEqualTo(040750);
            assertThat(names.lookup(ROOT, "a").node()).isEqualTo(dir.node());
            fails(Errno.EEXIST, () -> names.mkdir(ROOT, "a", 0755));
            Entry pipe = names.mknod(dir.node(), "p", 0010644, 0);
            assertThat(pipe.attr().type()).isEqualTo(0010000);
            Entry file = names.mknod(dir.node(), "f", 0100640, 0);
            assertThat(file.attr().mode()).isEqualTo(0100640);
            Entry again = names.link(file.node(), ROOT, "g");
            assertThat(again.node()).isEqualTo(file.node());
            assertThat(again.attr().links()).isEqualTo(2);
            Entry symlink = names.symlink(ROOT, "s", "a/../somewhere");
            assertThat(names.readlink(symlink.node())).isEqualTo("a/../somewhere");
            fails(Errno.ENOTEMPTY, () -> names.rmdir(ROOT, "a"));
            fails(Errno.ENOTDIR, () -> names.rmdir(ROOT, "g"));
            fails(Errno.EISDIR, () -> names.unlink(ROOT, "a"));
            names.unlink(dir.node(), "p");
            names.unlink(dir.node(), "f");
            names.rmdir(ROOT, "a");
            names.unlink(ROOT, "s");
            names.unlink(ROOT, "g");
            assertThat(share.folder).isEmptyDirectory();
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void namesMove(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            Names names = share.fuse.names();
            Entry a = names.mkdir(ROOT, "a", 0755);
            Entry b = names.mkdir(ROOT, "b", 0755);
            Entry file = names.mknod(a.node(), "f", 0100644, 0);
            names.rename(a.node(), bytes("f"), b.node(), bytes("g"));
            assertThat(names.lookup(b.node(), "g").node()).isEqualTo(file.node());
            fails(Errno.ENOENT, () -> names.lookup(a.node(), "f"));
            Entry other = names.mknod(a.node(), "h", 0100644, 0);
            fails(Errno.EEXIST, () -> names.rename2(b.node(), "g", a.node(), "h", 1));
            names.rename2(b.node(), "g", a.node(), "h", 2);
            assertThat(names.lookup(a.node(), "h").node()).isEqualTo(file.node());
            assertThat(names.lookup(b.node(), "g").node()).isEqualTo(other.node());
            fails(Errno.EINVAL, () -> names.rename2(ROOT, "a", a.node(), "inside", 0));
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void filesHoldWhatIsWritten(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            OpenFiles files = share.fuse.files();
            Created made = share.fuse.names().create(ROOT, "f", OpenFiles.RDWR, 0600);
            long node = made.entry().node();
            long handle = made.opened().handle();
            assertThat(files.write(node, handle, 0, bytes("hello, world"))).isEqualTo(12);
            assertThat(files.read(node, handle, 7, 100)).isEqualTo(bytes("world"));
            byte[] much = new byte[1 << 20];
            for (int i = 0; i < much.length; i++) {
                much[i] = (byte) (i * 31 >> 3);
            }
            int most = Math.min(much.length, share.fuse.init().maxWrite());
            assertThat(files.write(node, handle, 4096, Arrays.copyOf(much, most)))
                    .isEqualTo(most);
            assertThat(files.readInPlace(node, handle, 4096, most)).isEqualTo(most);
            assertThat(files.matches(much, 0, most)).isTrue();
            assertThat(share.fuse.attributes().get(node).size()).isEqualTo(4096 + most);
            assertThat(share.fuse.attributes().truncate(node, 5).size()).isEqualTo(5);
            assertThat(files.read(node, handle, 0, 4096)).isEqualTo(bytes("hello"));
            files.fallocate(node, handle, 0, 0, 10_000);
            assertThat(share.fuse.attributes().get(node, handle).size()).isEqualTo(10_000);
            files.fallocate(node, handle, 3, 0, 4096);
            assertThat(files.read(node, handle, 0, 5)).isEqualTo(new byte[5]);
            files.flush(node, handle);
            files.fsync(node, handle, 0);
            files.fsync(node, handle, 1);
            files.release(node, handle);
            fails(Errno.EBADF, () -> files.read(node, handle, 0, 10));
            assertThat(Files.size(share.folder.resolve("f"))).isEqualTo(10_000);
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void rangesAreCopiedAndHolesAreFound(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            OpenFiles files = share.fuse.files();
            Created from = share.fuse.names().create(ROOT, "from", OpenFiles.RDWR, 0600);
            Created to = share.fuse.names().create(ROOT, "to", OpenFiles.RDWR, 0600);
            long a = from.entry().node();
            long b = to.entry().node();
            files.write(a, from.opened().handle(), 1 << 20, OpenFiles.filled(5000, 7));
            assertThat(files.lseek(a, from.opened().handle(), 0, 3)).isEqualTo(1 << 20);
            assertThat(files.lseek(a, from.opened().handle(), 0, 4)).isZero();
            fails(Errno.ENXIO, () -> files.lseek(a, from.opened().handle(), 2 << 20, 3));
            assertThat(files.copyRange(
                            a, from.opened().handle(), 1 << 20, b, to.opened().handle(), 3, 4000))
                    .isEqualTo(4000);
            assertThat(files.read(b, to.opened().handle(), 3, 4000)).isEqualTo(OpenFiles.filled(4000, 7));
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void attributesAreSet(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            Attributes attributes = share.fuse.attributes();
            long node = share.fuse.names().mknod(ROOT, "f", 0100644, 0).node();
            assertThat(attributes.chmod(node, 04711).permissions()).isEqualTo(04711);
            Attr owned = attributes.chown(node, 1234, 5678);
            assertThat(owned.uid()).isEqualTo(1234);
            assertThat(owned.gid()).isEqualTo(5678);
            Attr timed = attributes.times(node, 5 * BILLION + 7, -3 * BILLION + 11);
            assertThat(timed.atimeNanos()).isEqualTo(5 * BILLION + 7);
            assertThat(timed.mtimeNanos()).isEqualTo(-3 * BILLION + 11);
            Path file = share.folder.resolve("f");
            assertThat(Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS))
                    .isEqualTo(1234);
            long[] statfs = attributes.statfs(ROOT);
            assertThat(statfs[0]).isPositive();
            assertThat(statfs[2]).isBetween(1L, statfs[0]);
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void filesBelongToWhoMakesThem(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            share.fuse.attributes().chmod(ROOT, 0777);
            share.fuse.user(1000, 1001);
            Attr file = share.fuse
                    .names()
                    .create(ROOT, "f", OpenFiles.RDWR, 0644)
                    .entry()
                    .attr();
            Attr dir = share.fuse.names().mkdir(ROOT, "d", 0755).attr();
            Attr symlink = share.fuse.names().symlink(ROOT, "s", "f").attr();
            for (Attr attr : List.of(file, dir, symlink)) {
                assertThat(attr.uid()).isEqualTo(1000);
                assertThat(attr.gid()).isEqualTo(1001);
            }
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void directoriesAreRead(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            Set<String> made = new HashSet<>(Set.of(".", ".."));
            for (int i = 0; i < 1000; i++) {
                String name = "name-" + "x".repeat(i % 200) + i;
                Files.createFile(share.folder.resolve(name));
                made.add(name);
            }
            for (int size : List.of(512, 4096, 65536)) {
                List<DirectoryEntry> plain = share.fuse.directories().all(ROOT, size, false);
                assertThat(plain).extracting(DirectoryEntry::name).containsExactlyInAnyOrderElementsOf(made);
                List<DirectoryEntry> plus = share.fuse.directories().all(ROOT, size, true);
                assertThat(plus).extracting(DirectoryEntry::name).containsExactlyInAnyOrderElementsOf(made);
                for (DirectoryEntry entry : plus) {
                    if (!entry.name().startsWith(".")) {
                        assertThat(entry.entry().node()).isNotZero();
                        assertThat(entry.entry().attr().inode()).isEqualTo(entry.inode());
                        assertThat(entry.type()).isEqualTo(8);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void extendedAttributesAreKept(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program, "--xattr")) {
            Attributes attributes = share.fuse.attributes();
            long node = share.fuse.names().mknod(ROOT, "f", 0100644, 0).node();
            byte[] value = bytes("a value");
            String name = "user.ringfence";
            attributes.setXattr(node, name, value, 0);
            assertThat(attributes.xattrSize(node, name)).isEqualTo(value.length);
            assertThat(attributes.getXattr(node, name, 100)).isEqualTo(value);
            fails(Errno.ERANGE, () -> attributes.getXattr(node, name, 3));
            fails(Errno.EEXIST, () -> attributes.setXattr(node, name, value, 1));
            assertThat(attributes.listXattrs(node, 1000)).contains(name);
            attributes.removeXattr(node, name);
            fails(Errno.ENODATA, () -> attributes.getXattr(node, name, 100));
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void aFileLivesUntilItIsReleased(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            Created made = share.fuse.names().create(ROOT, "f", OpenFiles.RDWR, 0600);
            long node = made.entry().node();
            share.fuse.names().unlink(ROOT, "f");
            share.fuse.files().write(node, made.opened().handle(), 0, bytes("gone"));
            assertThat(share.fuse.files().read(node, made.opened().handle(), 0, 10))
                    .isEqualTo(bytes("gone"));
            assertThat(share.fuse.attributes().get(node).links()).isZero();
            share.fuse.files().release(node, made.opened().handle());
            share.fuse.names().forget(node, 1);
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void requestsThatNobodyKnowsAreRefused(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            share.fuse.begin(4000, ROOT).u64(0);
            assertThat(share.fuse.tryCall(0, 64, 0)).isEqualTo(-Errno.ENOSYS.number());
            share.fuse.destroy();
            share.fuse.init(Init.MINOR, FuseSession.FLAGS, 0);
            assertThat(share.fuse.attributes().get(ROOT).type()).isEqualTo(040000);
        }
    }
}
