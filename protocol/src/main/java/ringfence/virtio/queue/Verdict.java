package ringfence.virtio.queue;

/** What a look at the available ring has found. */
public enum Verdict {
    /** A chain: the cursor holds it, its head is in flight until it is completed. */
    CHAIN,
    /** Nothing now. Arm the kick, then look once more. */
    EMPTY,
    /** The driver has broken the rules, and the queue takes nothing more until it is set up anew. */
    BROKEN
}
