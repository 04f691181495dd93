package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Errno;
import ringfence.linux.Linux;

/** Run by root, a daemon makes files as the request's user, and as nobody else. */
class CredentialsTest {
    private static final String BOTH = "ringfence.it.fuse.Programs#both";
    private static final int USER = 1000;
    private static final int GROUP = 1001;
    private static final int TEAM = 77;
    private static final int SET_GROUP_ID = 02000;

    private static void belongs(Attr attr, int uid, int gid) {
        assertThat(List.of(attr.uid(), attr.gid())).isEqualTo(List.of(uid, gid));
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void whatIsMadeBelongsToWhoAsksForIt(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            share.fuse.attributes().chmod(ROOT, 0777);
            for (Maker maker : Maker.of(program)) {
                share.fuse.user(USER, GROUP);
                belongs(maker.make(share.fuse, ROOT, "user's-" + maker, 0644), USER, GROUP);
                share.fuse.user(0, 0);
                belongs(maker.make(share.fuse, ROOT, "root's-" + maker, 0644), 0, 0);
                share.fuse.user(0, GROUP);
                belongs(maker.make(share.fuse, ROOT, "group's-" + maker, 0644), 0, GROUP);
                if (maker != Maker.TMPFILE) {
                    assertThat(share.host("user's-" + maker, "uid")).isEqualTo(USER);
                    assertThat(share.host("root's-" + maker, "gid")).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void aDirectoryHandsItsGroupDown(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            long team = team(share);
            share.fuse.user(USER, GROUP);
            for (Maker maker : Maker.of(program)) {
                Attr made = maker.make(share.fuse, team, "made-" + maker, 0755);
                belongs(made, USER, TEAM);
                assertThat(made.permissions() & SET_GROUP_ID).isEqualTo(maker == Maker.MKDIR ? SET_GROUP_ID : 0);
            }
        }
    }

    private static long team(Share share) {
        long team = share.fuse.names().mkdir(ROOT, "team", 0777).node();
        share.fuse.attributes().chown(team, 0, TEAM);
        share.fuse.attributes().chmod(team, 02777);
        return team;
    }

    /** Linux takes the set-group-ID bit from a new program whose maker is not in the directory's group. */
    @ParameterizedTest
    @MethodSource(BOTH)
    void aSetGroupIdBitIsForMembers(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            long team = team(share);
            assertThat(Maker.CREATE.make(share.fuse, team, "root's", 02755).permissions())
                    .isEqualTo(02755);
            share.fuse.user(USER, GROUP);
            assertThat(Maker.CREATE.make(share.fuse, team, "stranger's", 02755).permissions())
                    .isEqualTo(0755);
            share.fuse.user(USER, TEAM);
            assertThat(Maker.CREATE.make(share.fuse, team, "member's", 02755).permissions())
                    .isEqualTo(02755);
        }
    }

    /** A guest since 6.3 says so if the user is in the directory's group by a further group of the process. */
    @Test
    void aFurtherGroupIsTheRequestsAlone() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            assertThat(share.negotiate(FuseSession.FLAGS | Init.CREATE_SUPP_GROUP)
                            .has(Init.CREATE_SUPP_GROUP))
                    .isTrue();
            long team = team(share);
            share.fuse.user(USER, GROUP);
            for (Maker maker : List.of(Maker.CREATE, Maker.MKNOD, Maker.TMPFILE)) {
                Entry made = maker.make(share.fuse, team, "member's-" + maker, 02755, 0, OptionalInt.of(TEAM));
                assertThat(made.attr().permissions()).as(maker.toString()).isEqualTo(02755);
                belongs(made.attr(), USER, TEAM);
                Attr next = maker.make(share.fuse, team, "stranger's-" + maker, 02755);
                assertThat(next.permissions()).as(maker + " after it").isEqualTo(0755);
            }
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void anErrorLeavesNobodyElse(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            share.fuse.attributes().chmod(ROOT, 0777);
            Files.writeString(share.folder.resolve("secret"), "root's");
            share.fuse
                    .attributes()
                    .chmod(share.fuse.names().lookup(ROOT, "secret").node(), 0600);
            for (Maker maker : List.of(Maker.CREATE, Maker.MKDIR, Maker.MKNOD, Maker.SYMLINK)) {
                long gone = share.fuse.names().mkdir(ROOT, "gone", 0777).node();
                Files.delete(share.folder.resolve("gone"));
                share.fuse.user(USER, GROUP);
                OperationsTest.fails(Errno.ENOENT, () -> maker.make(share.fuse, gone, "x", 0644));
                share.fuse.user(0, 0);
                belongs(maker.make(share.fuse, ROOT, "root's-" + maker, 02644), 0, 0);
                long secret = share.fuse.names().lookup(ROOT, "secret").node();
                long handle = share.fuse.files().open(secret, OpenFiles.RDWR).handle();
                assertThat(share.fuse.files().read(secret, handle, 0, 10)).hasSize(6);
            }
        }
    }

    /** What the guest's kernel has allowed, by groups that we do not know of, is not asked again. */
    @Test
    void theGuestsKernelHasAskedForPermission() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow())) {
            long folder = share.fuse.names().mkdir(ROOT, "folder", 0700).node();
            share.fuse.user(USER, GROUP);
            belongs(Maker.CREATE.make(share.fuse, folder, "made", 0644), USER, GROUP);
        }
    }

    @Test
    void queuesServeDifferentUsersAtTheSameTime() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow(), "--num-request-queues=2")) {
            share.fuse.guest().lost(); // one guest at a time
            try (FuseGuest guest = new FuseGuest(Linux.system(), new FuseShape(2, 1, 4096, 64, false))) {
                guest.connect(share.daemon.socket().toString());
                new FuseSession(guest).init(Init.MINOR, FuseSession.FLAGS, 0);
                TwoUsers.make(guest, 2000);
            }
        }
    }
}
