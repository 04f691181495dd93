package ringfence.keep;

import ringfence.linux.Fd;

/**
 * Somebody outside this process who holds descriptors that must outlive it, by name, and hands them to the successor
 * ({@link KeptDescriptors}). Any thread.
 */
public interface Keeper {
    /**
     * Gives it a duplicate to keep; the descriptor stays the caller's. When this returns, it has been sent: a kill after
     * that does not lose it. A name is used for one file at a time: drop it first.
     *
     * @param name 1 to 255 of the signs {@code A-Z a-z 0-9 . _ -}
     * @throws ringfence.linux.ErrnoException if it could not be sent
     */
    void keep(String name, Fd fd);

    /** Whether anybody is there. */
    default boolean isThere() {
        return true;
    }

    /** Lets go of what is kept under a name, if there is something. Failing is no error: a successor will drop it. */
    void drop(String name);

    /**
     * Tells that the service serves. Failing is no error.
     *
     * @param status a line for a person: what it serves
     */
    void ready(String status);

    /** Tells a watchdog that the service gets on (sd_notify(3), {@code WATCHDOG=1}). Failing is no error. */
    void alive();
}
