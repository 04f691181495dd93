package ringfence.fs.keep;

import ringfence.linux.Fd;

/**
 * Somebody outside this process who holds descriptors that must outlive it, by name, and hands them to the successor
 * ({@link KeptDescriptors}). Any thread.
 */
public interface Keeper {
    /** Under this name the state file is kept. */
    String STATE = "state";
    /** With this and a node id in hexadecimal digits begins the name of a node's descriptor. */
    String NODE = "node-";

    /**
     * Gives it a duplicate to keep; the descriptor stays the caller's. When this returns, it has been sent: a kill after
     * that does not lose it. What is kept under the name already is kept, too.
     *
     * @param name 1 to 255 characters of ASCII, no control characters and no colon
     * @throws ringfence.linux.ErrnoException if it could not be sent
     */
    void keep(String name, Fd fd);

    /** Lets go of all that is kept under a name. Failing is no error: a successor does so when it finds it unused. */
    void drop(String name);

    /** Tells that the service serves. */
    void ready();
}
