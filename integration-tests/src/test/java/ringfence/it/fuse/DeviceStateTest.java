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
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Errno;
import ringfence.linux.Linux;
import ringfence.vhostuser.link.PeerException;

/** DEVICE_STATE: a session goes from one daemon to another one, without INIT; what is no state is refused. */
class DeviceStateTest {
    private static final int NODES = 10_000;
    private static final int ENTRIES = 500;
    private static final byte[] TEXT = "what was written".getBytes(StandardCharsets.UTF_8);

    private final Linux linux = Linux.system();
    private final long seed = Long.getLong("ringfence.seed", System.nanoTime());

    private static FsDaemon daemon(Path folder, String use) throws IOException, InterruptedException {
        return FsDaemon.start(FsProgram.ours().orElseThrow(), folder, "--inode-file-handles=" + use);
    }

    /** What the guest has: two nodes, one of them looked up twice, open files, one without a name, a directory half read. */
    private static final class Held {
        final FuseSession fuse;
        final long folder;
        final long file;
        final long handle;
        final Created unlinked;
        final long directory;
        final TreeSet<String> names = new TreeSet<>();
        long offset;

        Held(FuseSession fuse) {
            this.fuse = fuse;
            folder = fuse.names().mkdir(ROOT, "folder", 0755).node();
            for (int i = 0; i < ENTRIES; i++) {
                Created made = fuse.names().create(folder, "entry" + i, OpenFiles.RDWR, 0644);
                fuse.files().release(made.entry().node(), made.opened().handle());
                fuse.names().forget(made.entry().node(), 1);
            }
            Created made = fuse.names().create(ROOT, "file", OpenFiles.RDWR, 0644);
            file = made.entry().node();
            handle = made.opened().handle();
            fuse.files().write(file, handle, 0, TEXT);
            assertThat(fuse.names().lookup(ROOT, "file").node()).isEqualTo(file);
            unlinked = fuse.names().create(ROOT, "unlinked", OpenFiles.RDWR, 0644);
            fuse.files().write(unlinked.entry().node(), unlinked.opened().handle(), 0, TEXT);
            fuse.names().unlink(ROOT, "unlinked");
            directory = fuse.directories().open(folder).handle();
            readOn();
        }

        private boolean readOn() {
            List<DirectoryEntry> some = fuse.directories().read(folder, directory, offset, 4096, false);
            for (DirectoryEntry entry : some) {
                assertThat(names.add(entry.name())).as(entry.name()).isTrue();
                offset = entry.offset();
            }
            return !some.isEmpty();
        }

        void goesOn(boolean withUnlinked) {
            assertThat(fuse.files().read(file, handle, 0, 100)).isEqualTo(TEXT);
            fuse.files().write(file, handle, TEXT.length, TEXT);
            assertThat(fuse.attributes().get(file).size()).isEqualTo(2L * TEXT.length);
            while (readOn()) {}
            assertThat(names).hasSize(ENTRIES + 2).contains("entry0", "entry" + (ENTRIES - 1), ".", "..");
            fuse.directories().release(folder, directory);
            long node = unlinked.entry().node();
            if (withUnlinked) {
                assertThat(fuse.files().read(node, unlinked.opened().handle(), 0, 100))
                        .isEqualTo(TEXT);
                assertThat(fuse.attributes().get(node).links()).isZero();
                fuse.files().release(node, unlinked.opened().handle());
                fuse.names().forget(node, 1);
            } else {
                assertThatThrownBy(() -> fuse.attributes().get(node)).hasMessageContaining(Errno.ESTALE.toString());
            }
            assertThat(fuse.names()
                            .create(folder, "new", OpenFiles.RDWR, 0644)
                            .entry()
                            .node())
                    .isNotIn(file, folder, node);
            fuse.files().release(file, handle);
            fuse.names().forget(file, 1);
            assertThat(fuse.attributes().get(file).size()).isPositive();
            fuse.names().forget(file, 1);
            assertThatThrownBy(() -> fuse.attributes().get(file)).hasMessageContaining(Errno.ESTALE.toString());
        }
    }

    /** A file without a name can only be found by its handle, which only root can. */
    @ParameterizedTest
    @ValueSource(strings = {"never", "prefer"})
    void theSessionGoesOn(String use) throws IOException, InterruptedException {
        boolean handles = use.equals("prefer");
        assumeThat(!handles || linux.processes().effectiveUser() == 0).isTrue();
        try (HostFolder folder = HostFolder.make();
                FsDaemon first = daemon(folder.path(), use);
                FsDaemon second = daemon(folder.path(), use);
                FuseSession fuse = FuseSession.open(linux, first.socket())) {
            Held held = new Held(fuse);
            byte[] state = fuse.guest().save();
            fuse.guest().lost();
            fuse.guest().connect(second.socket().toString(), state);
            first.kill();
            held.goesOn(handles);
        }
    }

    /** Loaded by a daemon of another folder that looks the same, nothing of it is found, and nothing else either. */
    @ParameterizedTest
    @ValueSource(strings = {"never", "prefer"})
    void anotherFolderHasNoneOfIt(String use) throws IOException, InterruptedException {
        try (HostFolder folder = HostFolder.make();
                HostFolder other = HostFolder.make();
                FsDaemon first = daemon(folder.path(), use);
                FsDaemon second = daemon(other.path(), use);
                FuseSession fuse = FuseSession.open(linux, first.socket())) {
            Held held = new Held(fuse);
            Files.createDirectory(other.path().resolve("folder"));
            Files.writeString(other.path().resolve("file"), "another");
            byte[] state = fuse.guest().save();
            fuse.guest().lost();
            fuse.guest().connect(second.socket().toString(), state);
            for (long node :
                    new long[] {held.folder, held.file, held.unlinked.entry().node()}) {
                assertThatThrownBy(() -> fuse.attributes().get(node)).hasMessageContaining(Errno.ESTALE.toString());
            }
            assertThatThrownBy(() -> fuse.files().read(held.file, held.handle, 0, 10))
                    .hasMessageContaining(Errno.ESTALE.toString());
            assertThat(fuse.names().lookup(ROOT, "file").attr().size()).isEqualTo("another".length());
        }
    }

    /** Cut, with a bit that is another one, or something else: refused, and the daemon serves whoever comes. */
    @Test
    void whatIsNoStateIsRefused() throws IOException, InterruptedException {
        try (HostFolder folder = HostFolder.make();
                FsDaemon first = daemon(folder.path(), "prefer");
                FsDaemon second = daemon(folder.path(), "prefer");
                FuseSession fuse = FuseSession.open(linux, first.socket())) {
            new Held(fuse);
            byte[] state = fuse.guest().save();
            fuse.guest().lost();
            List<byte[]> bad = damaged(state, new SplittableRandom(seed));
            assertThatThrownBy(() -> fuse.guest().connect(second.socket().toString(), bad.getFirst()))
                    .isInstanceOf(PeerException.class)
                    .hasMessageContaining("no good");
            for (byte[] one : bad) {
                assertThatThrownBy(() -> fuse.guest().load(one))
                        .as("seed %d, %d bytes", seed, one.length)
                        .isInstanceOf(PeerException.class)
                        .hasMessageContaining("no good");
            }
            fuse.guest().start();
            fuse.restart();
            fuse.init(Init.MINOR, FuseSession.FLAGS, 0);
            assertThat(fuse.names().lookup(ROOT, "file").attr().size()).isEqualTo(TEXT.length);
            System.out.println("counted: " + bad.size() + " bad states refused");
        }
    }

    private static List<byte[]> damaged(byte[] state, SplittableRandom random) {
        List<byte[]> bad = new ArrayList<>(
                List.of(new byte[0], new byte[4096], "another device's state".getBytes(StandardCharsets.UTF_8)));
        for (int i = 0; i < 50; i++) {
            bad.add(Arrays.copyOf(state, random.nextInt(state.length)));
            bad.add(Arrays.copyOf(state, state.length + 1 + random.nextInt(100)));
            byte[] flipped = state.clone();
            flipped[random.nextInt(state.length)] ^= (byte) (1 << random.nextInt(8));
            bad.add(flipped);
        }
        return bad;
    }

    @ParameterizedTest
    @ValueSource(strings = {"never", "prefer"})
    void manyNodesMoveQuickly(String use) throws IOException, InterruptedException {
        try (HostFolder folder = HostFolder.make();
                FsDaemon first = daemon(folder.path(), use);
                FsDaemon second = daemon(folder.path(), use);
                FuseSession fuse = FuseSession.open(linux, first.socket())) {
            long[] nodes = new long[NODES];
            for (int i = 0; i < NODES; i++) {
                Files.writeString(folder.path().resolve("f" + i), "x".repeat(i % 10));
                nodes[i] = fuse.names().lookup(ROOT, "f" + i).node();
            }
            long begin = System.nanoTime();
            byte[] state = fuse.guest().save();
            long saved = System.nanoTime();
            fuse.guest().lost();
            fuse.guest().connect(second.socket().toString(), state);
            long loaded = System.nanoTime();
            for (int i = 0; i < NODES; i++) {
                assertThat(fuse.attributes().get(nodes[i]).size()).isEqualTo(i % 10);
            }
            System.out.println("counted: " + NODES + " nodes, " + use + ": " + state.length + " bytes saved in "
                    + (saved - begin) / 1_000_000 + " ms, loaded in " + (loaded - saved) / 1_000_000 + " ms");
        }
    }
}
