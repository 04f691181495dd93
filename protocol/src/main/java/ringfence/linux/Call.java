package ringfence.linux;

import java.lang.ref.Reference;

/** What every typed call does with a raw result. */
final class Call {
    private Call() {}

    /**
     * The result of a call that was given the address of this memory, or of what this object has. An address keeps nothing:
     * memory of an {@linkplain java.lang.foreign.Arena#ofAuto automatic arena} may be freed as soon as nobody will use its
     * segment any more, which is, for who has read the address last, before the kernel reads there. Evaluated in this order,
     * the object is in use until the call has returned.
     */
    static long keeping(Object memory, long result) {
        Reference.reachabilityFence(memory);
        return result;
    }

    /** The same of two. */
    static long keeping(Object one, Object other, long result) {
        Reference.reachabilityFence(one);
        Reference.reachabilityFence(other);
        return result;
    }

    /** The same of three. */
    static long keeping(Object one, Object other, Object third, long result) {
        Reference.reachabilityFence(third);
        return keeping(one, other, result);
    }

    /** The result, or the exception that names the call and its argument. */
    static long check(long result, Syscall call, Object argument) {
        if (result < 0) {
            throw new ErrnoException(call, Errno.of(-result), String.valueOf(argument));
        }
        return result;
    }
}
