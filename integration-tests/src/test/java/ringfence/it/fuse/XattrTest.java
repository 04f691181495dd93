package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Errno;

/** Extended attributes at their limits, and those that mean something to the host. */
class XattrTest {
    private static final String BOTH = "ringfence.it.fuse.Programs#both";
    private static final int MOST = 64 << 10;
    private static final int CREATE = 1;
    private static final int REPLACE = 2;
    private static final byte[] VALUE = "value".getBytes(StandardCharsets.UTF_8);
    /** struct vfs_cap_data, version 2: cap_net_raw+ep. */
    private static final byte[] PRIVILEGE = HexFormat.of().parseHex("0100000200200000000000000000000000000000");

    @ParameterizedTest
    @MethodSource(BOTH)
    void valuesHaveAnySizeUpTo64KiB(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program, "--xattr")) {
            Attributes attributes = share.fuse.attributes();
            long node = share.fuse.names().mknod(ROOT, "f", 0100644, 0).node();
            for (int size : new int[] {0, 1, 255, 4096, MOST}) {
                byte[] value = OpenFiles.filled(size, size);
                attributes.setXattr(node, "user.a", value, 0);
                assertThat(attributes.xattrSize(node, "user.a")).isEqualTo(size);
                assertThat(attributes.getXattr(node, "user.a", MOST)).isEqualTo(value);
                if (size > 0) {
                    assertThat(attributes.getXattr(node, "user.a", size)).isEqualTo(value);
                }
                if (size > 1) {
                    OperationsTest.fails(Errno.ERANGE, () -> attributes.getXattr(node, "user.a", size - 1));
                }
            }
            OperationsTest.fails(Errno.E2BIG, () -> attributes.setXattr(node, "user.a", new byte[MOST + 1], 0));
            assertThat(attributes.xattrSize(node, "user.a")).isEqualTo(MOST);
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void namesHaveAnySizeUpTo255(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program, "--xattr")) {
            Attributes attributes = share.fuse.attributes();
            long node = share.fuse.names().mknod(ROOT, "f", 0100644, 0).node();
            String longest = "user." + "n".repeat(250);
            attributes.setXattr(node, longest, VALUE, 0);
            assertThat(attributes.getXattr(node, longest, 100)).isEqualTo(VALUE);
            assertThat(attributes.listXattrs(node, 256)).containsExactly(longest);
            OperationsTest.fails(Errno.ERANGE, () -> attributes.listXattrs(node, 255));
            String wrong = longest + "n";
            OperationsTest.fails(Errno.ERANGE, () -> attributes.setXattr(node, wrong, VALUE, 0));
            OperationsTest.fails(Errno.ERANGE, () -> attributes.getXattr(node, wrong, 100));
            OperationsTest.fails(Errno.ERANGE, () -> attributes.removeXattr(node, wrong));
            OperationsTest.fails(Errno.ENOTSUP, () -> attributes.setXattr(node, "nobody.knows", VALUE, 0));
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void whatIsNotThereIsNotReplacedOrRemoved(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program, "--xattr")) {
            Attributes attributes = share.fuse.attributes();
            long node = share.fuse.names().mknod(ROOT, "f", 0100644, 0).node();
            OperationsTest.fails(Errno.ENODATA, () -> attributes.setXattr(node, "user.a", VALUE, REPLACE));
            OperationsTest.fails(Errno.ENODATA, () -> attributes.removeXattr(node, "user.a"));
            attributes.setXattr(node, "user.a", VALUE, CREATE);
            OperationsTest.fails(Errno.EEXIST, () -> attributes.setXattr(node, "user.a", new byte[0], CREATE));
            attributes.setXattr(node, "user.a", new byte[2], REPLACE);
            assertThat(attributes.getXattr(node, "user.a", 9)).isEqualTo(new byte[2]);
            long link = share.fuse.names().symlink(ROOT, "s", "f").node();
            OperationsTest.fails(Errno.EPERM, () -> attributes.setXattr(link, "user.a", VALUE, 0));
            attributes.setXattr(ROOT, "user.a", VALUE, 0);
            assertThat(attributes.listXattrs(ROOT, 100)).contains("user.a");
        }
    }

    @ParameterizedTest
    @MethodSource(BOTH)
    void withoutTheOptionThereAreNone(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            Attributes attributes = share.fuse.attributes();
            OperationsTest.fails(Errno.ENOSYS, () -> attributes.setXattr(ROOT, "user.a", VALUE, 0));
            OperationsTest.fails(Errno.ENOSYS, () -> attributes.getXattr(ROOT, "user.a", 9));
            OperationsTest.fails(Errno.ENOSYS, () -> attributes.xattrSize(ROOT, "user.a"));
            OperationsTest.fails(Errno.ENOSYS, () -> attributes.listXattrs(ROOT, 100));
            OperationsTest.fails(Errno.ENOSYS, () -> attributes.removeXattr(ROOT, "user.a"));
        }
    }

    /** A program's privileges end when anybody writes to it, or cuts it, or gives it away. */
    @ParameterizedTest
    @MethodSource(BOTH)
    void aProgramLosesItsPrivilegesWhenItIsChanged(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program, "--xattr", "--killpriv-v2")) {
            String name = "security.capability";
            Attributes attributes = share.fuse.attributes();
            Created made = share.fuse.names().create(ROOT, "program", OpenFiles.RDWR, 0755);
            long node = made.entry().node();
            long handle = made.opened().handle();
            List<Runnable> changes = List.of(
                    () -> share.fuse.files().write(node, handle, 0, VALUE),
                    () -> share.fuse.files().write(node, handle, 0, VALUE, 4),
                    () -> attributes.truncate(node, 2),
                    () -> attributes.set(node, Attributes.SIZE | Attributes.KILL_SUIDGID, 0, 1, 0, 0, 0, 0, 0),
                    () -> attributes.chown(node, 5, 5));
            for (int i = 0; i < changes.size(); i++) {
                attributes.setXattr(node, name, PRIVILEGE, 0);
                assertThat(attributes.getXattr(node, name, 100)).isEqualTo(PRIVILEGE);
                changes.get(i).run();
                OperationsTest.fails(Errno.ENODATA, () -> attributes.getXattr(node, name, 100));
            }
        }
    }

    /** The host's overlays believe what these say: the guest's root is not the host's. */
    @ParameterizedTest
    @MethodSource(BOTH)
    void trustedOnesAreTheHosts(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program, "--xattr")) {
            Attributes attributes = share.fuse.attributes();
            long node = share.fuse.names().mknod(ROOT, "f", 0100644, 0).node();
            HostXattr.set(share.folder.resolve("f"), "trusted.overlay.redirect", VALUE);
            OperationsTest.fails(Errno.EPERM, () -> attributes.setXattr(node, "trusted.a", VALUE, 0));
            OperationsTest.fails(Errno.EPERM, () -> attributes.removeXattr(node, "trusted.overlay.redirect"));
            OperationsTest.fails(Errno.ENODATA, () -> attributes.getXattr(node, "trusted.overlay.redirect", 100));
            assertThat(attributes.listXattrs(node, 1000)).isEmpty();
            assertThat(HostXattr.get(share.folder.resolve("f"), "trusted.overlay.redirect"))
                    .isEqualTo(VALUE);
        }
    }

    /** A guest that does not keep lists of access itself would go by the mode alone. */
    @Test
    void listsOfAccessTakeAnOptionOfTheirOwn() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow(), "--xattr")) {
            Attributes attributes = share.fuse.attributes();
            long folder = share.fuse.names().mkdir(ROOT, "d", 0755).node();
            HostXattr.set(share.folder.resolve("d"), Acl.DEFAULT, Acl.of(Acl.user(1000, 7)));
            HostXattr.set(share.folder.resolve("d"), "user.b", VALUE);
            HostXattr.set(share.folder.resolve("d"), Acl.ACCESS, Acl.of(Acl.user(1000, 7)));
            for (String name : List.of(Acl.ACCESS, Acl.DEFAULT)) {
                OperationsTest.fails(Errno.ENOTSUP, () -> attributes.setXattr(folder, name, Acl.of(), 0));
                OperationsTest.fails(Errno.ENOTSUP, () -> attributes.getXattr(folder, name, 100));
                OperationsTest.fails(Errno.ENOTSUP, () -> attributes.xattrSize(folder, name));
                OperationsTest.fails(Errno.ENOTSUP, () -> attributes.removeXattr(folder, name));
            }
            assertThat(attributes.listXattrs(folder, 1000)).containsExactly("user.b");
        }
    }
}
