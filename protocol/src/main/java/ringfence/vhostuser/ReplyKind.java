package ringfence.vhostuser;

/** What answers a request, with the payload sizes and the numbers of descriptors that are legal. */
public enum ReplyKind {
    /** Nothing, or {@link Reply.U64} if the request asks for an acknowledgement: 0 is success. */
    ACK(8, 8, 0, 0),
    /** {@link Reply.U64}, always. */
    U64(8, 8, 0, 0),
    /** {@link Reply.Done}: its being there is the answer. Peers send nothing or 8 bytes in it (SET_LOG_BASE). */
    DONE(0, 8, 0, 0),
    /** {@link Reply.VringBase}. */
    VRING_BASE(8, 8, 0, 0),
    /** {@link Reply.Config}; without payload the request has failed. */
    CONFIG(0, Wire.CONFIG_HEADER + Wire.MAX_CONFIG, 0, 0),
    /** {@link Reply.CryptoSession}. */
    CRYPTO_SESSION(8, Header.MAX_PAYLOAD, 0, 0),
    /** {@link Reply.Inflight}, with the descriptor of the region; none if there is nothing to track. */
    INFLIGHT(Wire.INFLIGHT_PACKED, Wire.INFLIGHT, 0, 1),
    /** {@link Reply.Done}, with a userfaultfd. */
    USERFAULT(0, 0, 0, 1),
    /** {@link Reply.Regions}: SET_MEM_TABLE and ADD_MEM_REG once post-copy listens. */
    REGIONS(Wire.REGIONS_HEADER + Wire.REGION, Wire.REGIONS_HEADER + Wire.MAX_REGIONS * Wire.REGION, 0, 0),
    /** {@link Reply.U64}, with a descriptor in place of the one that was sent, unless bit 8 is set. */
    DEVICE_STATE(8, 8, 0, 1),
    /** {@link Reply.Done}, with the descriptor of the object if there is one. */
    SHARED_OBJECT(0, Wire.UUID, 0, 1),
    /** {@link Reply.SharedMemory}. */
    SHARED_MEMORY(Wire.SHARED_MEMORY, Wire.SHARED_MEMORY, 0, 0);

    private final int minSize;
    private final int maxSize;
    private final int minFds;
    private final int maxFds;

    ReplyKind(int minSize, int maxSize, int minFds, int maxFds) {
        this.minSize = minSize;
        this.maxSize = maxSize;
        this.minFds = minFds;
        this.maxFds = maxFds;
    }

    /** Whether it comes without being asked for. */
    public boolean always() {
        return this != ACK;
    }

    void check(MessageType of, Header header, int descriptors) {
        WireException.require(
                header.size() >= minSize && header.size() <= maxSize,
                "reply to " + of + ": payload, " + minSize + " to " + maxSize + " bytes",
                header.size());
        WireException.require(
                descriptors >= minFds && descriptors <= maxFds,
                "reply to " + of + ": descriptors, " + minFds + " to " + maxFds,
                descriptors);
    }
}
