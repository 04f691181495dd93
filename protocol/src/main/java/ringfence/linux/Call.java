package ringfence.linux;

/** What every typed call does with a raw result. */
final class Call {
    private Call() {}

    /** The result, or the exception that names the call and its argument. */
    static long check(long result, Syscall call, Object argument) {
        if (result < 0) {
            throw new ErrnoException(call, Errno.of(-result), String.valueOf(argument));
        }
        return result;
    }
}
