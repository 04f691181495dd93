package ringfence.it.fuse;

/** Daemons of which one follows the other. From any thread. */
public interface Mortal {
    /** SIGKILL for the living one. */
    void kill();

    /** How many have been started. */
    int started();

    /** Waits until the living one may die: until a standby is warm, if there is to be one. */
    default void awaitReady() {}
}
