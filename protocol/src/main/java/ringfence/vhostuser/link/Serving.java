package ringfence.vhostuser.link;

/** Something that serves front-ends. Any thread. */
public interface Serving extends AutoCloseable {
    /** Waits until it has ended, by itself or by {@link #close}. */
    void await() throws InterruptedException;

    /** Ends it, drained; returns when all has ended. A second call does nothing. */
    @Override
    void close();
}
