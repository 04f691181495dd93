package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who changes a program without the privilege to keep its set-id bits takes them from it. With FUSE_HANDLE_KILLPRIV_V2 the
 * guest leaves that to us, and says by a flag whether it is to be.
 */
class KillPrivTest {
    private static final String BOTH = "ringfence.it.fuse.Programs#both";
    private static final int ALL = 06755;
    private static final int NONE = 0755;
    private static final int KILL_WRITE = 4;
    private static final byte[] DATA = {1, 2, 3};

    /** How a program is changed. */
    private interface Change {
        void to(FuseSession fuse, long node, long handle);
    }

    /**
     * A case.
     *
     * @param left of its permissions
     */
    private record Row(String how, Change change, int left) {}

    private static Attr attributes(FuseSession fuse, long node, int valid, long handle) {
        return fuse.attributes().set(node, valid, handle, 0, 0, 0, 0, 5, 6);
    }

    private static List<Row> rows() {
        int kill = Attributes.KILL_SUIDGID;
        return List.of(
                new Row("WRITE", (f, n, h) -> f.files().write(n, h, 0, DATA), ALL),
                new Row("WRITE kill", (f, n, h) -> f.files().write(n, h, 0, DATA, KILL_WRITE), NONE),
                new Row("size", (f, n, h) -> attributes(f, n, Attributes.SIZE, 0), ALL),
                new Row("size kill", (f, n, h) -> attributes(f, n, Attributes.SIZE | kill, 0), NONE),
                new Row(
                        "size by handle kill",
                        (f, n, h) -> attributes(f, n, Attributes.SIZE | Attributes.HANDLE | kill, h),
                        NONE),
                new Row("owner kill", (f, n, h) -> attributes(f, n, Attributes.UID | kill, 0), NONE),
                new Row("group kill", (f, n, h) -> attributes(f, n, Attributes.GID | kill, 0), NONE),
                new Row("OPEN cutting", (f, n, h) -> f.files().open(n, OpenFiles.RDWR | OpenFiles.TRUNC), ALL),
                new Row(
                        "OPEN cutting kill",
                        (f, n, h) -> f.files().openWithoutPrivilege(n, OpenFiles.RDWR | OpenFiles.TRUNC),
                        NONE),
                new Row("OPEN kill", (f, n, h) -> f.files().openWithoutPrivilege(n, OpenFiles.RDWR), ALL));
    }

    private static void check(Share share, Row row) {
        Created made = share.fuse.names().create(ROOT, "program", OpenFiles.RDWR, 0755);
        long node = made.entry().node();
        long handle = made.opened().handle();
        share.fuse.files().write(node, handle, 0, DATA);
        share.fuse.attributes().chmod(node, ALL);
        row.change.to(share.fuse, node, handle);
        assertThat(Integer.toOctalString(share.fuse.attributes().get(node).permissions()))
                .as(row.how)
                .isEqualTo(Integer.toOctalString(row.left));
        share.fuse.user(0, 0);
        share.fuse.files().release(node, handle);
        share.fuse.names().unlink(ROOT, "program");
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void theFlagTakesThem(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program, "--killpriv-v2")) {
            assertThat(share.fuse.init().has(Init.HANDLE_KILLPRIV_V2)).isTrue();
            rows().forEach(row -> check(share, row));
        }
    }

    /** The guest, which has not been told that we do it, does it; what it writes as root leaves them. */
    @ParameterizedTest
    @MethodSource(BOTH)
    void withoutTheFeatureTheGuestTakesThem(FsProgram program) throws IOException, InterruptedException {
        List<String> options = program.isOurs() ? List.of() : List.of("--no-killpriv-v2");
        try (Share share = Share.of(program, options.toArray(String[]::new))) {
            assertThat(share.fuse.init().has(Init.HANDLE_KILLPRIV_V2)).isFalse();
            rows().stream().filter(row -> !row.how.contains("kill")).forEach(row -> check(share, row));
        }
    }

    /** For these the guest has no flag, and takes nothing itself; virtiofsd leaves the bits. */
    @Test
    void whatHasNoFlagGoesByTheUser() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow(), "--killpriv-v2")) {
            Stream.of(0, 1000)
                    .flatMap(user -> Stream.of(
                            new Row(
                                    "FALLOCATE",
                                    (f, n, h) -> {
                                        f.user(user, user);
                                        f.files().fallocate(n, h, 0, 0, 10_000);
                                    },
                                    user == 0 ? ALL : NONE),
                            new Row(
                                    "COPY_FILE_RANGE",
                                    (f, n, h) -> {
                                        f.user(user, user);
                                        f.files().copyRange(n, h, 0, n, h, 100, 3);
                                    },
                                    user == 0 ? ALL : NONE)))
                    .forEach(row -> check(share, row));
        }
    }

    /** CREATE of a name that somebody else has made meanwhile opens that file, and cuts it. */
    @Test
    void aFileThatWasThereIsCutTheSameWay() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow(), "--killpriv-v2")) {
            for (int kill : new int[] {0, 1}) {
                Change create = (f, n, h) -> {
                    f.begin(Opcode.CREATE, ROOT)
                            .u32(OpenFiles.CREAT | OpenFiles.RDWR | OpenFiles.TRUNC)
                            .u32(0644)
                            .u32(0)
                            .u32(kill)
                            .name("program");
                    f.call(Entry.SIZE + Opened.SIZE);
                };
                check(share, new Row("CREATE " + kill, create, kill == 0 ? ALL : NONE));
            }
        }
    }
}
