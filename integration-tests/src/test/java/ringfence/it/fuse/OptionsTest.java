package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What options change in what the guest is told, and in how the host's files are opened. */
class OptionsTest {
    private static final int DIRECT_IO = 1;
    private static final int KEEP_CACHE = 2;
    private static final int CACHE_DIR = 8;
    private static final int O_DIRECT = 040000;
    private static final int O_SYNC = 04010000;
    private static final long FLAGS =
            FuseSession.FLAGS | Init.WRITEBACK_CACHE | Init.POSIX_ACL | Init.DIRECT_IO_ALLOW_MMAP;

    private static FsProgram ours() {
        return FsProgram.ours().orElseThrow();
    }

    /** virtiofsd's numbers, which are checked where there is one. */
    @ParameterizedTest
    @CsvSource({
        "auto, 1, 0, 0",
        "always, 86400, 2, 10",
        "never, 0, 1, 0",
        "metadata, 86400, 1, 10",
    })
    void thePolicyIsInTheReplies(String cache, int seconds, int file, int folder)
            throws IOException, InterruptedException {
        for (FsProgram program : Programs.both()) {
            if (program.isOurs() || !cache.equals("metadata")) {
                try (Share share = Share.cached(program, cache)) {
                    policy(share, seconds, program.isOurs() ? folder : folder & ~KEEP_CACHE, file);
                }
            }
        }
    }

    private static void policy(Share share, int seconds, int folder, int file) {
        Created made = share.fuse.names().create(ROOT, "file", OpenFiles.RDWR, 0600);
        long node = made.entry().node();
        assertThat(made.opened().flags() & (DIRECT_IO | KEEP_CACHE)).isEqualTo(file);
        assertThat(share.fuse.files().open(node, OpenFiles.RDONLY).flags() & (DIRECT_IO | KEEP_CACHE))
                .isEqualTo(file);
        assertThat(share.fuse.directories().open(ROOT).flags() & (CACHE_DIR | KEEP_CACHE) & folder)
                .isEqualTo(folder);
        for (Entry entry : List.of(
                made.entry(),
                share.fuse.names().lookup(ROOT, "file"),
                share.fuse.names().mkdir(ROOT, "dir", 0755),
                share.fuse.names().link(node, ROOT, "link"),
                share.fuse.directories().all(ROOT, 4096, true).stream()
                        .filter(one -> one.name().equals("file"))
                        .findAny()
                        .orElseThrow()
                        .entry())) {
            assertThat(entry.entryMillis()).isEqualTo(seconds * 1000L);
            assertThat(entry.attrMillis()).isEqualTo(seconds * 1000L);
        }
        share.fuse.begin(Opcode.GETATTR, node).u32(0).u32(0).u64(0);
        assertThat(share.fuse.call(16 + Attr.SIZE).u64(0)).isEqualTo(seconds);
    }

    @ParameterizedTest
    @CsvSource({
        "--writeback, 0x10000",
        "--posix-acl, 0x100040",
        "--killpriv-v2, 0x10000000",
        "--announce-submounts, 0x8000000",
        "--allow-mmap, 0x1000000000",
    })
    void anOptionOffersAFeature(String option, String bits) throws IOException, InterruptedException {
        long feature = Long.decode(bits);
        try (Share share = Share.of(ours(), option)) {
            assertThat(share.negotiate(FLAGS).flags() & feature).isEqualTo(feature);
            assertThat(share.negotiate(FLAGS & ~feature).flags() & feature)
                    .as("a guest that does not know it")
                    .isZero();
        }
        try (Share share = Share.of(ours())) {
            assertThat(share.negotiate(FLAGS).flags() & feature)
                    .as("without it")
                    .isZero();
        }
    }

    /** How the daemon has the file open that the guest has opened last. */
    private static int hostFlags(Share share, String name) throws IOException {
        Path descriptors = Path.of("/proc/" + share.daemon.pid() + "/fd");
        try (var all = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : all) {
                try {
                    int flags = flags(share, name, descriptor);
                    if (flags >= 0) {
                        return flags;
                    }
                } catch (NoSuchFileException e) {
                    continue; // another one of the daemon's, closed meanwhile
                }
            }
        }
        throw new IllegalStateException(name + " is not open");
    }

    private static int flags(Share share, String name, Path descriptor) throws IOException {
        if (!Files.readSymbolicLink(descriptor).endsWith(name)) {
            return -1;
        }
        Path info = Path.of("/proc/" + share.daemon.pid() + "/fdinfo/" + descriptor.getFileName());
        int flags = Files.readAllLines(info).stream()
                .filter(line -> line.startsWith("flags:"))
                .mapToInt(line -> Integer.parseInt(line.substring(6).strip(), 8))
                .findAny()
                .orElseThrow();
        return (flags & 010000000) != 0 ? -1 : flags; // O_PATH: the node's
    }

    private static int opened(Share share, int flags) throws IOException {
        long node = share.fuse.names().lookup(ROOT, "file").node();
        long handle = share.fuse.files().open(node, flags).handle();
        int host = hostFlags(share, "file");
        share.fuse.files().release(node, handle);
        return host;
    }

    @Test
    void whatTheGuestOpensWithIsPassedOn() throws IOException, InterruptedException {
        try (Share share = Share.of(ours())) {
            Files.writeString(share.folder.resolve("file"), "x");
            int mask = 3 | OpenFiles.APPEND | O_DIRECT | O_SYNC;
            assertThat(opened(share, OpenFiles.RDONLY) & mask).isEqualTo(OpenFiles.RDONLY);
            assertThat(opened(share, OpenFiles.WRONLY) & mask).isEqualTo(OpenFiles.WRONLY);
            assertThat(opened(share, OpenFiles.RDWR | OpenFiles.APPEND) & mask)
                    .isEqualTo(OpenFiles.RDWR | OpenFiles.APPEND);
            assertThat(opened(share, OpenFiles.WRONLY | O_SYNC) & mask).isEqualTo(OpenFiles.WRONLY | O_SYNC);
            assertThat(opened(share, OpenFiles.RDWR | O_DIRECT) & mask).isEqualTo(OpenFiles.RDWR);
        }
    }

    /** The guest reads a page before it writes a part of it, and knows itself where a file ends. */
    @Test
    void aGuestThatWritesLaterReadsWhatItOpensForWriting() throws IOException, InterruptedException {
        try (Share share = Share.of(ours(), "--writeback")) {
            share.negotiate(FLAGS);
            Files.writeString(share.folder.resolve("file"), "0123456789");
            assertThat(opened(share, OpenFiles.WRONLY) & 3).isEqualTo(OpenFiles.RDWR);
            assertThat(opened(share, OpenFiles.RDWR | OpenFiles.APPEND) & OpenFiles.APPEND)
                    .isZero();
            long node = share.fuse.names().lookup(ROOT, "file").node();
            long handle = share.fuse
                    .files()
                    .open(node, OpenFiles.WRONLY | OpenFiles.APPEND)
                    .handle();
            share.fuse.files().write(node, handle, 2, new byte[] {'x'});
            assertThat(share.fuse.files().read(node, handle, 0, 100)).hasSize(10);
            assertThat(Files.readString(share.folder.resolve("file"))).isEqualTo("01x3456789");
        }
    }

    @Test
    void directIoIsPassedOnWhereItMayBe() throws IOException, InterruptedException {
        try (Share share = Share.of(ours(), "--allow-direct-io")) {
            Files.writeString(share.folder.resolve("file"), "x");
            long node = share.fuse.names().lookup(ROOT, "file").node();
            share.fuse.begin(Opcode.OPEN, node).u32(O_DIRECT | OpenFiles.RDWR).u32(0);
            int error = share.fuse.tryCall(0, Opened.SIZE, 0);
            assumeThat(error).as("the host's tmpfs knows O_DIRECT").isZero();
            assertThat(hostFlags(share, "file") & O_DIRECT).isEqualTo(O_DIRECT);
        }
    }
}
