package ringfence.linux.uring;

/** The operations that we use, with their numbers ({@code IORING_OP_...}). */
public enum Op {
    NOP(0),
    READV(1),
    WRITEV(2),
    FSYNC(3),
    READ_FIXED(4),
    WRITE_FIXED(5),
    POLL_ADD(6),
    POLL_REMOVE(7),
    ASYNC_CANCEL(14),
    FALLOCATE(17),
    READ(22),
    WRITE(23);

    private final int number;

    Op(int number) {
        this.number = number;
    }

    /** Its number. */
    public int number() {
        return number;
    }
}
