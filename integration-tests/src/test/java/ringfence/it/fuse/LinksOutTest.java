package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A symbolic link is data for the guest; the daemon never follows one, whatever the request. */
class LinksOutTest {
    @TempDir
    Path scratch;

    private static int refused;

    private static void refused(Runnable call) {
        try {
            call.run();
        } catch (FuseException e) {
            refused++;
            return;
        }
        throw new AssertionError("served");
    }

    private static void either(Runnable call) {
        try {
            call.run();
        } catch (FuseException e) {
            refused++;
        }
    }

    @ParameterizedTest
    @MethodSource("ringfence.it.fuse.Programs#both")
    void nothingBehindOneIsReached(FsProgram program) throws IOException, InterruptedException {
        EscapeWatch watch = new EscapeWatch(scratch.resolve("calls"));
        Path touched;
        List<String> before =
                program.isOurs() ? watch.command() : List.of(); // virtiofsd cannot be traced in its sandbox
        try (Share share = Share.behind(before, program, "--xattr")) {
            Outside outside = new Outside(share.outside());
            touched = outside.folder;
            int number = 0;
            for (String target : List.of(
                    "../outside/canary",
                    outside.canary.toString(),
                    "/proc/self/root" + outside.canary,
                    "../outside",
                    outside.folder.toString(),
                    "/proc/self/root" + outside.folder,
                    "/proc/self/cwd/" + outside.folder,
                    "/proc/self/fd/0",
                    "/proc/1/root",
                    "..")) {
                String name = "link" + number++;
                Files.createSymbolicLink(share.folder.resolve(name), Path.of(target));
                through(share.fuse, name);
                outside.isUntouched();
            }
            assertThat(share.fuse.attributes().get(ROOT).type()).isEqualTo(040000);
        }
        if (program.isOurs()) {
            assertThat(watch.touching(touched)).isEmpty();
        }
        System.out.println("counted: " + refused + " requests through links refused, nothing outside touched");
    }

    /** Everything that could follow it. */
    private static void through(FuseSession fuse, String name) {
        long link = fuse.names().lookup(ROOT, name).node();
        assertThat(fuse.attributes().get(link).type()).isEqualTo(0120000);
        for (int flags : List.of(0, 1, 2, OpenFiles.TRUNC | 1, 0x10000, 02000000, 010000000)) {
            refused(() -> fuse.files().open(link, flags));
        }
        refused(() -> fuse.directories().open(link));
        refused(() -> fuse.names().lookup(link, "canary"));
        refused(() -> fuse.names().create(link, "made", OpenFiles.RDWR, 0666));
        refused(() -> fuse.names().create(link, "canary", OpenFiles.RDWR | OpenFiles.TRUNC, 0666));
        refused(() -> fuse.names().mkdir(link, "made", 0777));
        refused(() -> fuse.names().mknod(link, "made", 0100666, 0));
        refused(() -> fuse.names().symlink(link, "made", "x"));
        refused(() -> fuse.names().unlink(link, "canary"));
        refused(() -> fuse.names().rmdir(link, "sub"));
        refused(() -> fuse.names().rename2(link, "canary", ROOT, "stolen", 0));
        refused(() -> fuse.names().rename2(ROOT, name, link, "given", 0));
        refused(() -> fuse.names().create(ROOT, name, OpenFiles.RDWR | OpenFiles.EXCL, 0666));
        refused(() -> fuse.names().create(ROOT, name, OpenFiles.RDWR | OpenFiles.TRUNC, 0666));
        refused(() -> fuse.attributes().truncate(link, 0));
        either(() -> fuse.attributes().chmod(link, 0777));
        either(() -> fuse.attributes().chown(link, 1, 1));
        either(() -> fuse.attributes().times(link, 1, 1));
        either(() -> fuse.attributes().access(link, 4));
        refused(() -> fuse.attributes().setXattr(link, "user.escaped", new byte[1], 0));
        either(() -> fuse.attributes().setXattr(link, "trusted.escaped", new byte[1], 0));
        either(() -> fuse.attributes().listXattrs(link, 1000));
        either(() -> fuse.attributes().removeXattr(link, "user.escaped"));
        either(() -> fuse.names().link(link, ROOT, name + "again"));
    }
}
