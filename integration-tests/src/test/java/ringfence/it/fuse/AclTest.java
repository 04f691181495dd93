package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Errno;

/** Lists of access: the guest goes by them, the host keeps them and hands them down. */
class AclTest {
    private static final String BOTH = "ringfence.it.fuse.Programs#both";
    private static final int ROOM = 200;
    private static final int UMASK = 077;
    private static final int ACL_KILL_SGID = 1;

    private static Share share(FsProgram program) throws IOException, InterruptedException {
        Share share = Share.knowing(FuseSession.FLAGS | Init.POSIX_ACL, program, "--xattr", "--posix-acl");
        Init init = share.fuse.init();
        assertThat(init.has(Init.POSIX_ACL)).isTrue();
        assertThat(init.has(Init.DONT_MASK)).isTrue();
        return share;
    }

    private static int permissions(Share share, Maker maker, long folder, String name, int umask) {
        return maker.make(share.fuse, folder, name, 0666, umask, OptionalInt.empty())
                .attr()
                .permissions();
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void aListIsTheMode(FsProgram program) throws IOException, InterruptedException {
        try (Share share = share(program)) {
            Attributes attributes = share.fuse.attributes();
            long node = share.fuse.names().mknod(ROOT, "f", 0100600, 0).node();
            byte[] list = Acl.list(6, 4, 1, Acl.user(1000, 2));
            attributes.setXattr(node, Acl.ACCESS, list, 0);
            assertThat(attributes.get(node).permissions()).isEqualTo(0661);
            assertThat(attributes.getXattr(node, Acl.ACCESS, ROOM)).isEqualTo(list);
            assertThat(attributes.listXattrs(node, ROOM)).contains(Acl.ACCESS);
            attributes.chmod(node, 0640); // changes what the list's users may at most
            assertThat(attributes.getXattr(node, Acl.ACCESS, ROOM)).isNotEqualTo(list);
            attributes.removeXattr(node, Acl.ACCESS);
            OperationsTest.fails(Errno.ENODATA, () -> attributes.getXattr(node, Acl.ACCESS, ROOM));
            OperationsTest.fails(Errno.EACCES, () -> attributes.setXattr(node, Acl.DEFAULT, list, 0));
            OperationsTest.fails(Errno.ENOTSUP, () -> attributes.setXattr(node, Acl.ACCESS, new byte[5], 0));
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void aFoldersListTakesThePlaceOfTheUmask(FsProgram program) throws IOException, InterruptedException {
        try (Share share = share(program)) {
            long folder = share.fuse.names().mkdir(ROOT, "d", 0755).node();
            byte[] list = Acl.list(7, 5, 0, Acl.user(1000, 6));
            share.fuse.attributes().setXattr(folder, Acl.DEFAULT, list, 0);
            for (Maker maker : Maker.of(program)) {
                if (maker == Maker.SYMLINK) {
                    continue;
                }
                Entry made = maker.make(share.fuse, folder, "f-" + maker, 0666, UMASK, OptionalInt.empty());
                assertThat(made.attr().permissions()).as(maker.toString()).isEqualTo(0660);
                assertThat(share.fuse.attributes().getXattr(made.node(), Acl.ACCESS, ROOM))
                        .hasSize(list.length);
                if (maker == Maker.MKDIR) {
                    assertThat(share.fuse.attributes().getXattr(made.node(), Acl.DEFAULT, ROOM))
                            .isEqualTo(list);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void withoutOneTheRequestsUmaskCountsAndNoOther(FsProgram program) throws IOException, InterruptedException {
        try (Share share = share(program)) {
            long folder = share.fuse.names().mkdir(ROOT, "d", 0777).node();
            share.fuse.attributes().chmod(folder, 0777);
            for (Maker maker : Maker.of(program)) {
                if (maker == Maker.SYMLINK) {
                    continue;
                }
                share.fuse.user(1000, 1000);
                assertThat(permissions(share, maker, folder, "a-" + maker, UMASK))
                        .as(maker.toString())
                        .isEqualTo(0600);
                share.fuse.user(0, 0);
                assertThat(permissions(share, maker, folder, "b-" + maker, 0)).isEqualTo(0666);
                assertThat(permissions(share, maker, folder, "c-" + maker, 022)).isEqualTo(0644);
            }
        }
    }

    /** Without the feature the guest has masked already. */
    @ParameterizedTest
    @MethodSource(BOTH)
    void aGuestWithoutListsMasksItself(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program, "--xattr")) {
            assertThat(share.fuse.init().has(Init.DONT_MASK)).isFalse();
            for (Maker maker : Maker.of(program)) {
                if (maker != Maker.SYMLINK) {
                    assertThat(permissions(share, maker, ROOT, "a-" + maker, UMASK))
                            .isEqualTo(0666);
                }
            }
        }
    }

    /** Who sets a list and is not in the file's group loses its set-group-ID bit, as by chmod(2); the guest says so. */
    @ParameterizedTest
    @MethodSource(BOTH)
    void aStrangersListTakesTheSetGroupIdBit(FsProgram program) throws IOException, InterruptedException {
        try (Share share = share(program)) {
            long node = share.fuse.names().mknod(ROOT, "f", 0100755, 0).node();
            byte[] list = Acl.list(7, 5, 5, Acl.user(1000, 7));
            for (int user : new int[] {1000, 0}) {
                for (int kill : new int[] {0, ACL_KILL_SGID}) {
                    share.fuse.user(0, 0);
                    share.fuse.attributes().chown(node, user, 77);
                    share.fuse.attributes().chmod(node, 02755);
                    share.fuse.user(user, user);
                    FuseRequest request = share.fuse
                            .begin(Opcode.SETXATTR, node)
                            .u32(list.length)
                            .u32(0)
                            .u32(kill)
                            .u32(0);
                    request.name(Acl.ACCESS);
                    share.fuse.fill(list);
                    share.fuse.call(list.length, 0, 0);
                    assertThat(share.fuse.attributes().get(node).permissions())
                            .as("user " + user + ", kill " + kill)
                            .isEqualTo(kill == 0 ? 02775 : 0775);
                }
            }
        }
    }
}
