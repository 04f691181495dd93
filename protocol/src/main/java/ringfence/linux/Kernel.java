package ringfence.linux;

/**
 * The door to the kernel: one system call with six raw arguments.
 *
 * <p>Implementations may be called by any thread. Only this package calls it with addresses; everybody else uses the
 * typed families of {@link Linux}. Tests wrap it to inject errors.
 */
@FunctionalInterface
public interface Kernel {
    /**
     * Makes a system call.
     *
     * @return the result, or minus the errno
     */
    long call(Syscall call, long a, long b, long c, long d, long e, long f);
}
