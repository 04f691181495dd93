package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import ringfence.linux.Errno;
import ringfence.linux.Linux;
import ringfence.telemetry.CountersReading;

/** A daemon that is no root: everything is its user's, and it may do what that user may. */
class OrdinaryUserTest {
    private static final int NOBODY = 65534;
    private static final int SERVICE = 990;
    private static final byte[] DATA = {1, 2, 3};

    private static List<String> as(int id, String... more) {
        List<String> command =
                new ArrayList<>(List.of("/usr/bin/setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups"));
        command.addAll(List.of(more));
        return command;
    }

    private static Share share(String... options) throws IOException, InterruptedException {
        return Share.by(NOBODY, as(NOBODY), options);
    }

    @BeforeEach
    void theUserReachesTheProgram() throws IOException, InterruptedException {
        List<String> command = as(NOBODY, "test", "-x");
        command.add(FsProgram.ours().orElseThrow().command().getFirst());
        assumeThat(new ProcessBuilder(command).start().waitFor())
                .as("what is built is readable for everybody")
                .isZero();
    }

    @Test
    void everythingIsItsUsers() throws IOException, InterruptedException {
        try (Share share = share()) {
            for (Maker maker : Maker.values()) {
                for (int user : new int[] {0, 1000, NOBODY}) {
                    share.fuse.user(user, user);
                    Attr made = maker.make(share.fuse, ROOT, user + "'s-" + maker, 0644);
                    assertThat(List.of(made.uid(), made.gid())).isEqualTo(List.of(NOBODY, NOBODY));
                }
            }
        }
    }

    @Test
    void ownersAndDevicesAreRefused() throws IOException, InterruptedException {
        try (Share share = share()) {
            Names names = share.fuse.names();
            long file = names.mknod(ROOT, "file", 0100644, 0).node();
            OperationsTest.fails(Errno.EPERM, () -> share.fuse.attributes().chown(file, 1000, 1000));
            OperationsTest.fails(Errno.EPERM, () -> share.fuse.attributes().chown(file, 0, NOBODY));
            assertThat(share.fuse.attributes().chown(file, NOBODY, NOBODY).uid())
                    .isEqualTo(NOBODY);
            OperationsTest.fails(Errno.EPERM, () -> names.mknod(ROOT, "null", 0020666, 1 << 8 | 3));
            OperationsTest.fails(Errno.EPERM, () -> names.mknod(ROOT, "disk", 0060666, 8 << 8));
            assertThat(names.mknod(ROOT, "pipe", 0010666, 0).attr().type()).isEqualTo(0010000);
        }
    }

    private static Path others(Share share, String name, String permissions, boolean folder) throws IOException {
        Path path = share.folder.resolve(name);
        if (folder) {
            Files.createDirectory(path);
        } else {
            Files.writeString(path, "root's");
        }
        return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    @Test
    void filesOfOthersAreAsTheHostSays() throws IOException, InterruptedException {
        try (Share share = share("--xattr")) {
            others(share, "closed", "rw-------", false);
            others(share, "open", "rw-r--r--", false);
            long closed = share.fuse.names().lookup(ROOT, "closed").node();
            assertThat(share.fuse.attributes().get(closed).uid()).isZero();
            OperationsTest.fails(Errno.EACCES, () -> share.fuse.files().open(closed, OpenFiles.RDONLY));
            OperationsTest.fails(Errno.EACCES, () -> share.fuse.attributes().truncate(closed, 0));
            OperationsTest.fails(Errno.EPERM, () -> share.fuse.attributes().chmod(closed, 0777));
            OperationsTest.fails(Errno.EPERM, () -> share.fuse.attributes().times(closed, 1, 1));
            OperationsTest.fails(Errno.EACCES, () -> share.fuse.attributes().setXattr(closed, "user.a", DATA, 0));
            OperationsTest.fails(Errno.EACCES, () -> share.fuse.names().create(ROOT, "closed", OpenFiles.RDWR, 0644));
            long open = share.fuse.names().lookup(ROOT, "open").node();
            OperationsTest.fails(Errno.EACCES, () -> share.fuse.files().open(open, OpenFiles.RDWR));
            long handle = share.fuse.files().open(open, OpenFiles.RDONLY).handle();
            assertThat(share.fuse.files().read(open, handle, 0, 10)).hasSize(6);
            OperationsTest.fails(Errno.EBADF, () -> share.fuse.files().write(open, handle, 0, DATA));
        }
    }

    @Test
    void foldersOfOthersAreAsTheHostSays() throws IOException, InterruptedException {
        try (Share share = share()) {
            Names names = share.fuse.names();
            Path shown = others(share, "shown", "rwxr-xr-x", true);
            Files.writeString(shown.resolve("file"), "root's");
            long folder = names.lookup(ROOT, "shown").node();
            assertThat(share.fuse.directories().all(folder, 4096, true)).hasSize(3);
            for (Maker maker : Maker.values()) {
                OperationsTest.fails(Errno.EACCES, () -> maker.make(share.fuse, folder, "x", 0644));
            }
            OperationsTest.fails(Errno.EACCES, () -> names.unlink(folder, "file"));
            OperationsTest.fails(Errno.EACCES, () -> names.rename2(folder, "file", ROOT, "mine", 0));
            Files.setPosixFilePermissions(shown, PosixFilePermissions.fromString("rwx--x--x"));
            assertThat(names.lookup(folder, "file").attr().size()).isEqualTo(6);
            OperationsTest.fails(
                    Errno.EACCES, () -> share.fuse.directories().open(folder).handle());
            Files.setPosixFilePermissions(shown, PosixFilePermissions.fromString("rwxr--r--"));
            OperationsTest.fails(Errno.EACCES, () -> names.lookup(folder, "file"));
            Files.setAttribute(shown, "unix:mode", 01777, LinkOption.NOFOLLOW_LINKS);
            OperationsTest.fails(Errno.EPERM, () -> names.unlink(folder, "file"));
            names.unlink(folder, made(names, folder));
        }
    }

    private static String made(Names names, long folder) {
        names.mknod(folder, "mine", 0100600, 0);
        return "mine";
    }

    /** Who may not read a file may do so if he makes it, as open(2) has it. */
    @Test
    void aFileOfNoPermissionsIsOpenToItsMaker() throws IOException, InterruptedException {
        try (Share share = share()) {
            Created made = share.fuse.names().create(ROOT, "file", OpenFiles.RDWR, 0);
            long node = made.entry().node();
            share.fuse.files().write(node, made.opened().handle(), 0, DATA);
            assertThat(share.fuse.files().read(node, made.opened().handle(), 0, 9))
                    .isEqualTo(DATA);
            OperationsTest.fails(Errno.EACCES, () -> share.fuse.files().open(node, OpenFiles.RDONLY));
            share.fuse.attributes().chmod(node, 0400);
            long handle = share.fuse.files().open(node, OpenFiles.RDONLY).handle();
            assertThat(share.fuse.files().read(node, handle, 0, 9)).isEqualTo(DATA);
        }
    }

    /** Whatever the guest says, the host's kernel takes set-id bits from what such a user writes. */
    @Test
    void setIdBitsGo() throws IOException, InterruptedException {
        try (Share share = share()) {
            Created made = share.fuse.names().create(ROOT, "program", OpenFiles.RDWR, 0755);
            long node = made.entry().node();
            assertThat(share.fuse.attributes().chmod(node, 06755).permissions()).isEqualTo(06755);
            share.fuse.files().write(node, made.opened().handle(), 0, DATA);
            assertThat(share.fuse.attributes().get(node).permissions()).isEqualTo(0755);
        }
    }

    /** A service's user to whom systemd has given what it takes (AmbientCapabilities=) serves as root would. */
    @Test
    void aServicesPrivilegesLast() throws IOException, InterruptedException {
        String privileges = "+chown,+dac_override,+fowner,+fsetid,+setgid,+setuid,+mknod";
        try (Share share = Share.by(
                SERVICE, as(SERVICE, "--inh-caps=" + privileges, "--ambient-caps=" + privileges), "--killpriv-v2")) {
            others(share, "closed", "rw-------", false);
            for (int user : new int[] {1000, 0, SERVICE, 1000, 0}) {
                share.fuse.user(user, user);
                String name = share.fuse.requests() + "th";
                Attr made = Maker.CREATE.make(share.fuse, ROOT, name, 0755);
                assertThat(List.of(made.uid(), made.gid())).isEqualTo(List.of(user, user));
                long closed = share.fuse.names().lookup(ROOT, "closed").node();
                long handle = share.fuse.files().open(closed, OpenFiles.RDWR).handle();
                share.fuse.attributes().chmod(closed, 06711);
                share.fuse.files().write(closed, handle, 0, DATA);
                assertThat(share.fuse.attributes().get(closed).permissions())
                        .as("after user " + user)
                        .isEqualTo(06711);
                share.fuse.files().write(closed, handle, 0, DATA, 4);
                assertThat(share.fuse.attributes().get(closed).permissions()).isEqualTo(0711);
            }
        }
    }

    /** No file is opened by its handle without CAP_DAC_READ_SEARCH: what was where it had been is itself, the rest is gone, and counted. */
    @Test
    void aSuccessorFindsByTheirPathsWhatTheHostHasNotMoved() throws IOException {
        Linux linux = Linux.system();
        try (HostFolder top = HostFolder.make()) {
            Path folder = Files.createDirectory(top.path().resolve("root"));
            Path counters = Files.createDirectory(top.path().resolve("run")).resolve("counters");
            for (Path path : List.of(top.path(), folder, counters.getParent())) {
                Files.setAttribute(path, "unix:uid", NOBODY, LinkOption.NOFOLLOW_LINKS);
            }
            List<String> command = as(NOBODY);
            command.addAll(FsProgram.ours().orElseThrow().command());
            try (FsSuccession succession =
                            new FsSuccession(linux, FsProgram.ours(command), folder, NOBODY, "--counters=" + counters);
                    FuseSession fuse = FuseSession.open(linux, succession.socket())) {
                fuse.guest().recovery(succession);
                Created kept = fuse.names().create(ROOT, "kept", OpenFiles.RDWR, 0644);
                fuse.files().write(kept.entry().node(), kept.opened().handle(), 0, DATA);
                Created moved = fuse.names().create(ROOT, "moved", OpenFiles.RDWR, 0644);
                Created replaced = fuse.names().create(ROOT, "replaced", OpenFiles.RDWR, 0644);
                succession.kill();
                Files.move(folder.resolve("moved"), folder.resolve("elsewhere"));
                Files.move(
                        folder.resolve("replaced"), top.path().resolve("kept")); // or another file might get its number
                Files.writeString(folder.resolve("replaced"), "another");
                assertThat(fuse.files().read(kept.entry().node(), kept.opened().handle(), 0, 9))
                        .isEqualTo(DATA);
                for (Created gone : List.of(moved, replaced)) {
                    OperationsTest.fails(
                            Errno.ESTALE,
                            () -> fuse.attributes().get(gone.entry().node()));
                    OperationsTest.fails(
                            Errno.ESTALE,
                            () -> fuse.files()
                                    .read(gone.entry().node(), gone.opened().handle(), 0, 9));
                }
                assertThat(stale(linux, counters)).isEqualTo(4);
                assertThat(fuse.names().lookup(ROOT, "replaced").attr().size()).isEqualTo(7);
                assertThat(fuse.names().lookup(ROOT, "kept").node())
                        .isEqualTo(kept.entry().node());
            }
        }
    }

    private static long stale(Linux linux, Path counters) {
        return CountersReading.of(linux, "--counters", counters).values().stream()
                .filter(value -> value.label().equals("stale"))
                .mapToLong(CountersReading.Value::value)
                .sum();
    }
}
