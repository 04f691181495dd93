package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Errno;
import ringfence.linux.Linux;

/** File systems that are mounted in the shared folder are part of it, and are told from each other. */
class SubmountsTest {
    private static final String BOTH = "ringfence.it.fuse.Programs#both";
    private static final int SUBMOUNT = 1;
    private static final String SCRIPT = "mkdir one two again real; echo real >real/file;"
            + " mount -t tmpfs -o size=1m one one; mount -t tmpfs -o size=2m two two; mount --bind real again;"
            + " for d in one two; do mkdir $d/dir; echo $d >$d/file; echo $d >$d/dir/file; done";

    private static Share share(FsProgram program, String... options) throws IOException, InterruptedException {
        return Share.behind(Mounts.made(SCRIPT), program, options);
    }

    private static String text(Share share, long node) {
        long handle = share.fuse.files().open(node, OpenFiles.RDONLY).handle();
        String text =
                new String(share.fuse.files().read(node, handle, 0, 100), java.nio.charset.StandardCharsets.UTF_8);
        share.fuse.files().release(node, handle);
        return text.strip();
    }

    private static Map<String, Integer> flags(Share share) {
        return share.fuse.directories().all(ROOT, 65536, true).stream()
                .filter(entry -> !entry.name().startsWith("."))
                .collect(Collectors.toMap(
                        DirectoryEntry::name, entry -> entry.entry().attr().flags()));
    }

    @Test
    void theirRootsAreFlagged() throws IOException, InterruptedException {
        try (Share share = share(FsProgram.ours().orElseThrow(), "--announce-submounts")) {
            assertThat(share.fuse.init().has(Init.SUBMOUNTS)).isTrue();
            Map<String, Integer> expected = Map.of("one", SUBMOUNT, "two", SUBMOUNT, "again", SUBMOUNT, "real", 0);
            assertThat(flags(share)).isEqualTo(expected);
            expected.forEach((name, flag) -> assertThat(
                            share.fuse.names().lookup(ROOT, name).attr().flags())
                    .as(name)
                    .isEqualTo(flag));
            long one = share.fuse.names().lookup(ROOT, "one").node();
            assertThat(share.fuse.names().lookup(one, "dir").attr().flags()).isZero();
            assertThat(share.fuse.names().lookup(one, "file").attr().flags()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void theyAreFlaggedOnlyWhereBothSidesWantIt(FsProgram program) throws IOException, InterruptedException {
        try (Share share = share(program)) {
            assertThat(share.fuse.init().has(Init.SUBMOUNTS)).isFalse();
            assertThat(flags(share).values()).containsOnly(0);
        }
        try (Share share = share(program, "--announce-submounts")) {
            share.negotiate(FuseSession.FLAGS & ~Init.SUBMOUNTS);
            assertThat(flags(share).values()).containsOnly(0);
        }
    }

    /** Inode numbers that are the same on both, and one folder that is in two places. */
    @ParameterizedTest
    @MethodSource(BOTH)
    void filesOfDifferentMountsAreDifferentNodes(FsProgram program) throws IOException, InterruptedException {
        try (Share share = share(program, "--announce-submounts")) {
            Names names = share.fuse.names();
            long one = names.lookup(ROOT, "one").node();
            long two = names.lookup(ROOT, "two").node();
            for (String name : List.of("dir", "file")) {
                Entry first = names.lookup(one, name);
                Entry second = names.lookup(two, name);
                assertThat(first.attr().inode())
                        .as("is a test")
                        .isEqualTo(second.attr().inode());
                assertThat(first.node()).isNotEqualTo(second.node());
            }
            assertThat(text(share, names.lookup(one, "file").node())).isEqualTo("one");
            assertThat(text(
                            share,
                            names.lookup(names.lookup(two, "dir").node(), "file")
                                    .node()))
                    .isEqualTo("two");
            Entry real = names.lookup(ROOT, "real");
            Entry again = names.lookup(ROOT, "again");
            assertThat(real.attr().inode())
                    .as("is a test")
                    .isEqualTo(again.attr().inode());
            assertThat(real.node()).isNotEqualTo(again.node());
            assertThat(names.lookup(ROOT, "real").node()).isEqualTo(real.node());
            assertThat(share.fuse.directories().all(ROOT, 65536, true))
                    .filteredOn(entry -> List.of("real", "again").contains(entry.name()))
                    .extracting(entry -> entry.entry().node())
                    .containsExactlyInAnyOrder(real.node(), again.node());
        }
    }

    @Test
    void whatIsOneFileSystemOnTheHostIsOneForTheGuest() throws IOException, InterruptedException {
        try (Share share = share(FsProgram.ours().orElseThrow(), "--announce-submounts")) {
            Names names = share.fuse.names();
            long one = names.lookup(ROOT, "one").node();
            long two = names.lookup(ROOT, "two").node();
            assertThat(share.fuse.attributes().statfs(one)[0]).isEqualTo(256);
            assertThat(share.fuse.attributes().statfs(two)[0]).isEqualTo(512);
            OperationsTest.fails(Errno.EXDEV, () -> names.rename2(one, "file", two, "moved", 0));
            long file = names.lookup(one, "file").node();
            OperationsTest.fails(Errno.EXDEV, () -> names.link(file, two, "linked"));
            OperationsTest.fails(Errno.EBUSY, () -> names.rmdir(ROOT, "one"));
            names.rename2(one, "file", one, "moved", 0);
            Created made = names.create(two, "new", OpenFiles.RDWR, 0600);
            share.fuse.files().write(made.entry().node(), made.opened().handle(), 0, new byte[10]);
            assertThat(share.fuse.attributes().get(made.entry().node()).size()).isEqualTo(10);
        }
    }

    @Test
    void whatIsOpenOutlivesItsMount() throws IOException, InterruptedException {
        try (Share share = share(FsProgram.ours().orElseThrow(), "--announce-submounts")) {
            Names names = share.fuse.names();
            long one = names.lookup(ROOT, "one").node();
            long file = names.lookup(one, "file").node();
            long handle = share.fuse.files().open(file, OpenFiles.RDWR).handle();
            Mounts.change(share, "umount --lazy one; mkdir one/below");
            Entry below = names.lookup(ROOT, "one");
            assertThat(below.node()).isNotEqualTo(one);
            assertThat(below.attr().flags()).isZero();
            assertThat(names.lookup(below.node(), "below").node()).isNotZero();
            OperationsTest.fails(Errno.ENOENT, () -> names.lookup(below.node(), "file"));
            assertThat(share.fuse.files().read(file, handle, 0, 3)).hasSize(3);
            share.fuse.files().release(file, handle);
            names.forget(file, 1);
            names.forget(one, 1);
            OperationsTest.fails(Errno.ESTALE, () -> share.fuse.attributes().get(one));
            Mounts.change(share, "mount -t tmpfs new one");
            assertThat(names.lookup(ROOT, "one").attr().flags()).isEqualTo(SUBMOUNT);
            assertThat(share.daemon.isAlive()).isTrue();
        }
    }

    /** Two of the same inode number, and one folder in two places: each is found again as the one that it was. */
    @ParameterizedTest
    @ValueSource(strings = {"never", "prefer"})
    void whatIsInThemOutlivesTheDaemon(String handles) throws IOException {
        Linux linux = Linux.system();
        try (HostFolder folder = HostFolder.make();
                Mounts.Shared mounts = Mounts.Shared.make(folder.path(), SCRIPT);
                FsSuccession daemons = new FsSuccession(
                        linux,
                        mounts.program(),
                        folder.path(),
                        "--announce-submounts",
                        "--inode-file-handles=" + handles);
                FuseSession fuse = FuseSession.open(linux, daemons.socket())) {
            fuse.guest().recovery(daemons);
            Map<String, Long> files = new HashMap<>();
            Map<String, Long> open = new HashMap<>();
            for (String place : List.of("one", "two", "real", "again")) {
                long node = fuse.names()
                        .lookup(fuse.names().lookup(ROOT, place).node(), "file")
                        .node();
                files.put(place, node);
                open.put(place, fuse.files().open(node, OpenFiles.RDWR).handle());
            }
            daemons.kill();
            for (String place : files.keySet()) {
                String text = place.equals("again") ? "real" : place;
                assertThat(fuse.files().read(files.get(place), open.get(place), 0, 100))
                        .asString()
                        .isEqualTo(text + "\n");
                assertThat(fuse.names()
                                .lookup(fuse.names().lookup(ROOT, place).node(), "file")
                                .node())
                        .as(place)
                        .isEqualTo(files.get(place));
            }
            assertThat(files.values()).doesNotHaveDuplicates();
            assertThat(daemons.started()).isEqualTo(2);
        }
    }
}
