package ringfence.fs.share;

import ringfence.linux.OpenFlag;

/** The flags of open(2) that a guest sends: x86-64's. */
final class OpenFlags {
    static final int ACCESS = 3;
    static final int WRITE_ONLY = 1;
    static final int READ_WRITE = 2;

    /** What is passed on; of the rest, nothing means anything to a file that is open already. */
    private static final int PASSED = ACCESS
            | OpenFlag.APPEND.bits()
            | OpenFlag.NONBLOCK.bits()
            | OpenFlag.SYNC.bits()
            | OpenFlag.NOATIME.bits()
            | OpenFlag.TRUNC.bits()
            | 0x8000 /* O_LARGEFILE */;

    private OpenFlags() {}

    /** Whether it is opened for writing, or cut. */
    static boolean writes(int flags) {
        return (flags & ACCESS) != 0 || (flags & OpenFlag.TRUNC.bits()) != 0;
    }

    /** What the host's file is opened with. */
    static int host(int flags, boolean direct, boolean writeback) {
        int host = flags & (PASSED | (direct ? OpenFlag.DIRECT.bits() : 0))
                | OpenFlag.NONBLOCK.bits()
                | OpenFlag.NOCTTY.bits();
        if (writeback) {
            // the guest reads what it writes only in part, and says where its appended data go
            host &= ~OpenFlag.APPEND.bits();
            if ((host & ACCESS) == WRITE_ONLY) {
                host = host & ~ACCESS | READ_WRITE;
            }
        }
        return host;
    }
}
