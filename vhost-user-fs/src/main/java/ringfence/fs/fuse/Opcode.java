package ringfence.fs.fuse;

/**
 * What a request asks for: {@code enum fuse_opcode}. Each knows how many bytes of arguments it has at least, behind the
 * header; names count with one byte and their zero byte.
 */
public enum Opcode {
    LOOKUP(1, 2, Kind.COUNTS),
    FORGET(2, 8, Kind.COUNTS),
    GETATTR(3, 16, Kind.READS),
    SETATTR(4, 88, Kind.CHANGES),
    READLINK(5, 0, Kind.READS),
    SYMLINK(6, 3, Kind.LOGGED),
    MKNOD(8, 18, Kind.LOGGED),
    MKDIR(9, 10, Kind.LOGGED),
    UNLINK(10, 2, Kind.LOGGED),
    RMDIR(11, 2, Kind.LOGGED),
    RENAME(12, 12, Kind.LOGGED),
    LINK(13, 10, Kind.LOGGED),
    OPEN(14, 8, Kind.COUNTS),
    READ(15, 40, Kind.READS),
    WRITE(16, 40, Kind.LOGGED),
    STATFS(17, 0, Kind.READS),
    RELEASE(18, 24, Kind.COUNTS),
    FSYNC(20, 16, Kind.READS),
    SETXATTR(21, 10, Kind.LOGGED),
    GETXATTR(22, 10, Kind.READS),
    LISTXATTR(23, 8, Kind.READS),
    REMOVEXATTR(24, 2, Kind.LOGGED),
    FLUSH(25, 24, Kind.READS),
    INIT(26, 16, Kind.READS),
    OPENDIR(27, 8, Kind.COUNTS),
    READDIR(28, 40, Kind.READS),
    RELEASEDIR(29, 24, Kind.COUNTS),
    FSYNCDIR(30, 16, Kind.READS),
    GETLK(31, 48, Kind.READS),
    SETLK(32, 48, Kind.COUNTS),
    SETLKW(33, 48, Kind.COUNTS),
    ACCESS(34, 8, Kind.READS),
    CREATE(35, 18, Kind.LOGGED),
    INTERRUPT(36, 8, Kind.READS),
    BMAP(37, 16, Kind.READS),
    DESTROY(38, 0, Kind.READS),
    IOCTL(39, 32, Kind.READS),
    POLL(40, 24, Kind.READS),
    NOTIFY_REPLY(41, 0, Kind.READS),
    BATCH_FORGET(42, 8, Kind.COUNTS),
    FALLOCATE(43, 32, Kind.CHANGES),
    READDIRPLUS(44, 40, Kind.COUNTS),
    RENAME2(45, 20, Kind.LOGGED),
    LSEEK(46, 24, Kind.READS),
    COPY_FILE_RANGE(47, 56, Kind.CHANGES),
    SETUPMAPPING(48, 40, Kind.READS),
    REMOVEMAPPING(49, 4, Kind.READS),
    SYNCFS(50, 8, Kind.READS),
    TMPFILE(51, 16, Kind.LOGGED),
    STATX(52, 24, Kind.READS);

    /** What repeating a request would do. */
    private enum Kind {
        /** Nothing. */
        READS,
        /** The same again, to the share. */
        CHANGES,
        /** Something else, to what we count, or hold, for the guest. */
        COUNTS,
        /** Something else, to the share. */
        LOGGED
    }

    private static final Opcode[] BY_NUMBER = byNumber();

    private final int number;
    private final int arguments;
    private final Kind kind;

    Opcode(int number, int arguments, Kind kind) {
        this.number = number;
        this.arguments = arguments;
        this.kind = kind;
    }

    private static Opcode[] byNumber() {
        Opcode[] table = new Opcode[STATX.number + 1];
        for (Opcode opcode : values()) {
            table[opcode.number] = opcode;
        }
        return table;
    }

    /** The one with this number, or null: the guest knows more than we do. */
    public static Opcode of(int number) {
        return number < 0 || number >= BY_NUMBER.length ? null : BY_NUMBER[number];
    }

    /** As in the header. */
    public int number() {
        return number;
    }

    /** Bytes behind the header, at least. */
    int arguments() {
        return arguments;
    }

    /** Whether it may change what is shared: refused where that is read-only. OPEN is told by its flags. */
    public boolean changes() {
        return kind == Kind.CHANGES || kind == Kind.LOGGED;
    }

    /** Whether the guest awaits a reply. */
    public boolean isAnswered() {
        return this != FORGET && this != BATCH_FORGET;
    }

    /** Whether doing it a second time would not be the same: a successor looks for it in the log first. */
    public boolean isLogged() {
        return kind == Kind.COUNTS || kind == Kind.LOGGED;
    }
}
