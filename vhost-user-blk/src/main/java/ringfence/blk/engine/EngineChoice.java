package ringfence.blk.engine;

import ringfence.blk.image.ImageKind;

/** Which engine serves a device. */
public enum EngineChoice {
    /** What the image answers fastest. */
    AUTO,
    /** io_uring for all. */
    URING,
    /** Plain system calls for all. */
    PLAIN;

    /**
     * The decision, taken once.
     *
     * @param kind what the image is
     * @param ringAllowed whether this process may make an io_uring
     * @return {@link #URING} or {@link #PLAIN}
     */
    public EngineChoice decide(ImageKind kind, boolean ringAllowed) {
        return switch (this) {
            case PLAIN -> PLAIN;
            case URING -> URING;
            case AUTO -> kind == ImageKind.MEMORY || !ringAllowed ? PLAIN : URING;
        };
    }
}
