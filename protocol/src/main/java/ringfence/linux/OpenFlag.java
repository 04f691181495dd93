package ringfence.linux;

/** Flags of open(2), with their x86-64 values. O_CLOEXEC is always set and not among them. */
public enum OpenFlag implements Flag {
    RDONLY(0),
    WRONLY(1),
    RDWR(2),
    CREAT(0x40),
    EXCL(0x80),
    NOCTTY(0x100),
    TRUNC(0x200),
    APPEND(0x400),
    NONBLOCK(0x800),
    DSYNC(0x1000),
    DIRECT(0x4000),
    DIRECTORY(0x10000),
    NOFOLLOW(0x20000),
    NOATIME(0x40000),
    SYNC(0x101000),
    PATH(0x200000),
    TMPFILE(0x410000);

    private final int bits;

    OpenFlag(int bits) {
        this.bits = bits;
    }

    @Override
    public int bits() {
        return bits;
    }
}
