package ringfence.linux.uring;

/** Takes completions, on the ring's owner thread. */
@FunctionalInterface
public interface CompletionHandler {
    /**
     * A request has ended.
     *
     * @param token what was given with it
     * @param result what the like system call would have returned, or minus the errno
     */
    void complete(long token, int result);
}
