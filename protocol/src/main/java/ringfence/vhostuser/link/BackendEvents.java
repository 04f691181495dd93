package ringfence.vhostuser.link;

/** What a back-end may tell its front-end of its own accord. Called on the thread of {@link BackendChannel#poll}. */
@FunctionalInterface
public interface BackendEvents {
    /** The configuration space has changed: read it again. */
    void configChanged();
}
