package ringfence.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code struct stat} of x86-64, the fields that we read. */
final class StatLayout {
    static final long SIZE = 144;
    static final long DEV = 0;
    static final long INO = 8;
    static final long NLINK = 16;
    static final long MODE = 24;
    static final long UID = 28;
    static final long GID = 32;
    static final long RDEV = 40;
    static final long FILE_SIZE = 48;
    static final long BLKSIZE = 56;
    static final long BLOCKS = 64;
    static final long ATIME = 72;
    static final long MTIME = 88;
    static final long CTIME = 104;

    private StatLayout() {}

    static Stat read(MemorySegment stat) {
        return new Stat(
                stat.get(ValueLayout.JAVA_LONG, DEV),
                stat.get(ValueLayout.JAVA_LONG, INO),
                stat.get(ValueLayout.JAVA_INT, MODE),
                stat.get(ValueLayout.JAVA_LONG, RDEV),
                stat.get(ValueLayout.JAVA_LONG, FILE_SIZE));
    }
}
