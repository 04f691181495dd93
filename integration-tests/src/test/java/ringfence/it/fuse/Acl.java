package ringfence.it.fuse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Lists of access as extended attributes hold them: struct posix_acl_xattr_header and entries. */
final class Acl {
    static final String ACCESS = "system.posix_acl_access";
    static final String DEFAULT = "system.posix_acl_default";

    private static final int VERSION = 2;
    private static final int USER_OBJ = 1;
    private static final int USER = 2;
    private static final int GROUP_OBJ = 4;
    private static final int MASK = 0x10;
    private static final int OTHER = 0x20;
    private static final int NOBODY = -1;
    private static final int ENTRY = 8;

    /** A user who is named. */
    record Named(int user, int permissions) {}

    private Acl() {}

    static Named user(int id, int permissions) {
        return new Named(id, permissions);
    }

    /** The owner may do all, the group read, others nothing, and these. */
    static byte[] of(Named... users) {
        return list(7, 4, 0, users);
    }

    static byte[] list(int owner, int group, int others, Named... users) {
        int entries = users.length == 0 ? 3 : 4 + users.length;
        ByteBuffer bytes = ByteBuffer.allocate(4 + ENTRY * entries).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(VERSION);
        put(bytes, USER_OBJ, owner, NOBODY);
        int mask = group;
        for (Named one : users) {
            put(bytes, USER, one.permissions, one.user);
            mask |= one.permissions;
        }
        put(bytes, GROUP_OBJ, group, NOBODY);
        if (users.length > 0) {
            put(bytes, MASK, mask, NOBODY);
        }
        put(bytes, OTHER, others, NOBODY);
        return bytes.array();
    }

    private static void put(ByteBuffer bytes, int tag, int permissions, int id) {
        bytes.putShort((short) tag).putShort((short) permissions).putInt(id);
    }
}
