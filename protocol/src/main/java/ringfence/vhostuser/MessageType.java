package ringfence.vhostuser;

import java.util.Optional;

/**
 * The table of all requests: who sends it, how long its payload is, how many descriptors go along, which feature must
 * have been negotiated, what the answer is. All five are checked from here and nowhere else.
 */
public enum MessageType {
    // number, sender, payload sizes, descriptors, gate, answer
    GET_FEATURES(1, Sender.FRONT_END, 0, 0, 0, 0, Gate.NONE, ReplyKind.U64),
    SET_FEATURES(2, Sender.FRONT_END, 8, 8, 0, 0, Gate.NONE, ReplyKind.ACK),
    SET_OWNER(3, Sender.FRONT_END, 0, 0, 0, 0, Gate.NONE, ReplyKind.ACK),
    /** Deprecated: it disables the rings, and no more. */
    RESET_OWNER(4, Sender.FRONT_END, 0, 0, 0, 0, Gate.NONE, ReplyKind.ACK),
    SET_MEM_TABLE(5, Sender.FRONT_END, 40, 264, 1, 8, Gate.NONE, ReplyKind.ACK),
    SET_LOG_BASE(6, Sender.FRONT_END, 16, 16, 1, 1, new Gate.Protocol(ProtocolFeature.LOG_SHMFD), ReplyKind.DONE),
    SET_LOG_FD(7, Sender.FRONT_END, 0, 0, 1, 1, Gate.NONE, ReplyKind.ACK),
    SET_VRING_NUM(8, Sender.FRONT_END, 8, 8, 0, 0, Gate.NONE, ReplyKind.ACK),
    SET_VRING_ADDR(9, Sender.FRONT_END, Wire.VRING_ADDRESS, Wire.VRING_ADDRESS, 0, 0, Gate.NONE, ReplyKind.ACK),
    SET_VRING_BASE(10, Sender.FRONT_END, 8, 8, 0, 0, Gate.NONE, ReplyKind.ACK),
    GET_VRING_BASE(11, Sender.FRONT_END, 8, 8, 0, 0, Gate.NONE, ReplyKind.VRING_BASE),
    SET_VRING_KICK(12, Sender.FRONT_END, 8, 8, 0, 1, Gate.NONE, ReplyKind.ACK),
    SET_VRING_CALL(13, Sender.FRONT_END, 8, 8, 0, 1, Gate.NONE, ReplyKind.ACK),
    SET_VRING_ERR(14, Sender.FRONT_END, 8, 8, 0, 1, Gate.NONE, ReplyKind.ACK),
    GET_PROTOCOL_FEATURES(15, Sender.FRONT_END, 0, 0, 0, 0, Gate.NONE, ReplyKind.U64),
    SET_PROTOCOL_FEATURES(16, Sender.FRONT_END, 8, 8, 0, 0, Gate.NONE, ReplyKind.ACK),
    GET_QUEUE_NUM(17, Sender.FRONT_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.MQ), ReplyKind.U64),
    SET_VRING_ENABLE(18, Sender.FRONT_END, 8, 8, 0, 0, new Gate.Rings(), ReplyKind.ACK),
    SEND_RARP(19, Sender.FRONT_END, 8, 8, 0, 0, new Gate.Protocol(ProtocolFeature.RARP), ReplyKind.ACK),
    NET_SET_MTU(20, Sender.FRONT_END, 8, 8, 0, 0, new Gate.Protocol(ProtocolFeature.MTU), ReplyKind.ACK),
    SET_BACKEND_REQ_FD(21, Sender.FRONT_END, 0, 0, 1, 1, new Gate.Protocol(ProtocolFeature.BACKEND_REQ), ReplyKind.ACK),
    IOTLB_MSG(
            22,
            Sender.FRONT_END,
            Wire.IOTLB_PACKED,
            Wire.IOTLB,
            0,
            0,
            new Gate.Feature(Negotiated.ACCESS_PLATFORM),
            ReplyKind.U64),
    SET_VRING_ENDIAN(23, Sender.FRONT_END, 8, 8, 0, 0, new Gate.Protocol(ProtocolFeature.CROSS_ENDIAN), ReplyKind.ACK),
    GET_CONFIG(24, Sender.FRONT_END, 13, 268, 0, 0, new Gate.Protocol(ProtocolFeature.CONFIG), ReplyKind.CONFIG),
    SET_CONFIG(25, Sender.FRONT_END, 13, 268, 0, 0, new Gate.Protocol(ProtocolFeature.CONFIG), ReplyKind.ACK),
    CREATE_CRYPTO_SESSION(
            26,
            Sender.FRONT_END,
            8,
            Header.MAX_PAYLOAD,
            0,
            0,
            new Gate.Protocol(ProtocolFeature.CRYPTO_SESSION),
            ReplyKind.CRYPTO_SESSION),
    CLOSE_CRYPTO_SESSION(
            27, Sender.FRONT_END, 8, 8, 0, 0, new Gate.Protocol(ProtocolFeature.CRYPTO_SESSION), ReplyKind.ACK),
    POSTCOPY_ADVISE(
            28, Sender.FRONT_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.PAGEFAULT), ReplyKind.USERFAULT),
    POSTCOPY_LISTEN(29, Sender.FRONT_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.PAGEFAULT), ReplyKind.ACK),
    POSTCOPY_END(30, Sender.FRONT_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.PAGEFAULT), ReplyKind.U64),
    GET_INFLIGHT_FD(
            31,
            Sender.FRONT_END,
            Wire.INFLIGHT_PACKED,
            Wire.INFLIGHT,
            0,
            0,
            new Gate.Protocol(ProtocolFeature.INFLIGHT_SHMFD),
            ReplyKind.INFLIGHT),
    SET_INFLIGHT_FD(
            32,
            Sender.FRONT_END,
            Wire.INFLIGHT_PACKED,
            Wire.INFLIGHT,
            1,
            1,
            new Gate.Protocol(ProtocolFeature.INFLIGHT_SHMFD),
            ReplyKind.ACK),
    GPU_SET_SOCKET(33, Sender.FRONT_END, 0, 0, 1, 1, Gate.NONE, ReplyKind.ACK),
    RESET_DEVICE(34, Sender.FRONT_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.RESET_DEVICE), ReplyKind.ACK),
    VRING_KICK(
            35, Sender.FRONT_END, 8, 8, 0, 0, new Gate.Protocol(ProtocolFeature.INBAND_NOTIFICATIONS), ReplyKind.ACK),
    GET_MAX_MEM_SLOTS(
            36, Sender.FRONT_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.CONFIGURE_MEM_SLOTS), ReplyKind.U64),
    ADD_MEM_REG(
            37,
            Sender.FRONT_END,
            Wire.SINGLE_REGION,
            Wire.SINGLE_REGION,
            1,
            1,
            new Gate.Protocol(ProtocolFeature.CONFIGURE_MEM_SLOTS),
            ReplyKind.ACK),
    /** Takes no descriptor, but some front-ends send one, and the specification lets it be closed. */
    REM_MEM_REG(
            38,
            Sender.FRONT_END,
            Wire.SINGLE_REGION,
            Wire.SINGLE_REGION,
            0,
            1,
            new Gate.Protocol(ProtocolFeature.CONFIGURE_MEM_SLOTS),
            ReplyKind.ACK),
    SET_STATUS(39, Sender.FRONT_END, 8, 8, 0, 0, new Gate.Protocol(ProtocolFeature.STATUS), ReplyKind.ACK),
    GET_STATUS(40, Sender.FRONT_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.STATUS), ReplyKind.U64),
    GET_SHARED_OBJECT(
            41,
            Sender.FRONT_END,
            Wire.UUID,
            Wire.UUID,
            0,
            0,
            new Gate.Protocol(ProtocolFeature.SHARED_OBJECT),
            ReplyKind.SHARED_OBJECT),
    SET_DEVICE_STATE_FD(
            42, Sender.FRONT_END, 8, 8, 1, 1, new Gate.Protocol(ProtocolFeature.DEVICE_STATE), ReplyKind.DEVICE_STATE),
    CHECK_DEVICE_STATE(
            43, Sender.FRONT_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.DEVICE_STATE), ReplyKind.U64),
    GET_SHMEM_CONFIG(
            44, Sender.FRONT_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.SHMEM_MAP), ReplyKind.SHARED_MEMORY),

    BACKEND_IOTLB_MSG(
            1,
            Sender.BACK_END,
            Wire.IOTLB_PACKED,
            Wire.IOTLB,
            0,
            0,
            new Gate.Feature(Negotiated.ACCESS_PLATFORM),
            ReplyKind.ACK),
    BACKEND_CONFIG_CHANGE_MSG(2, Sender.BACK_END, 0, 0, 0, 0, new Gate.Protocol(ProtocolFeature.CONFIG), ReplyKind.ACK),
    BACKEND_VRING_HOST_NOTIFIER_MSG(
            3,
            Sender.BACK_END,
            Wire.VRING_AREA,
            Wire.VRING_AREA,
            0,
            1,
            new Gate.Protocol(ProtocolFeature.HOST_NOTIFIER),
            ReplyKind.ACK),
    BACKEND_VRING_CALL(
            4, Sender.BACK_END, 8, 8, 0, 0, new Gate.Protocol(ProtocolFeature.INBAND_NOTIFICATIONS), ReplyKind.ACK),
    BACKEND_VRING_ERR(
            5, Sender.BACK_END, 8, 8, 0, 0, new Gate.Protocol(ProtocolFeature.INBAND_NOTIFICATIONS), ReplyKind.ACK),
    BACKEND_SHARED_OBJECT_ADD(
            6,
            Sender.BACK_END,
            Wire.UUID,
            Wire.UUID,
            0,
            0,
            new Gate.Protocol(ProtocolFeature.SHARED_OBJECT),
            ReplyKind.ACK),
    BACKEND_SHARED_OBJECT_REMOVE(
            7,
            Sender.BACK_END,
            Wire.UUID,
            Wire.UUID,
            0,
            0,
            new Gate.Protocol(ProtocolFeature.SHARED_OBJECT),
            ReplyKind.ACK),
    BACKEND_SHARED_OBJECT_LOOKUP(
            8,
            Sender.BACK_END,
            Wire.UUID,
            Wire.UUID,
            0,
            0,
            new Gate.Protocol(ProtocolFeature.SHARED_OBJECT),
            ReplyKind.SHARED_OBJECT),
    BACKEND_SHMEM_MAP(
            9, Sender.BACK_END, Wire.MAP, Wire.MAP, 1, 1, new Gate.Protocol(ProtocolFeature.SHMEM_MAP), ReplyKind.ACK),
    BACKEND_SHMEM_UNMAP(
            10, Sender.BACK_END, Wire.MAP, Wire.MAP, 0, 0, new Gate.Protocol(ProtocolFeature.SHMEM_MAP), ReplyKind.ACK);

    /** Who sends a request. */
    public enum Sender {
        /** On the connection. */
        FRONT_END,
        /** On the back-end channel. */
        BACK_END
    }

    /** What must have been negotiated before a message is legal. */
    sealed interface Gate {
        /** Nothing. */
        Gate NONE = new Feature(-1L);

        /** A protocol feature. */
        record Protocol(ProtocolFeature feature) implements Gate {
            @Override
            public boolean isOpen(Negotiated negotiated) {
                return negotiated.has(feature);
            }
        }

        /** A feature bit; all ones: none. */
        record Feature(long bits) implements Gate {
            @Override
            public boolean isOpen(Negotiated negotiated) {
                return bits == -1L || negotiated.has(bits);
            }
        }

        /**
         * That rings begin disabled: VHOST_USER_F_PROTOCOL_FEATURES accepted, or protocol features already set. QEMU
         * enables a network card's rings between SET_PROTOCOL_FEATURES and SET_FEATURES.
         */
        record Rings() implements Gate {
            @Override
            public boolean isOpen(Negotiated negotiated) {
                return negotiated.has(Negotiated.PROTOCOL_FEATURES) || negotiated.protocolFeatures() != 0;
            }
        }

        /** Whether it is open. */
        boolean isOpen(Negotiated negotiated);
    }

    private static final MessageType[] FROM_FRONT_END = index(Sender.FRONT_END);
    private static final MessageType[] FROM_BACK_END = index(Sender.BACK_END);

    private final int code;
    private final Sender sender;
    private final int minSize;
    private final int maxSize;
    private final int minFds;
    private final int maxFds;
    private final Gate gate;
    private final ReplyKind reply;

    MessageType(int code, Sender sender, int minSize, int maxSize, int minFds, int maxFds, Gate gate, ReplyKind reply) {
        this.code = code;
        this.sender = sender;
        this.minSize = minSize;
        this.maxSize = maxSize;
        this.minFds = minFds;
        this.maxFds = maxFds;
        this.gate = gate;
        this.reply = reply;
    }

    private static MessageType[] index(Sender sender) {
        int highest = 0;
        for (MessageType type : values()) {
            highest = type.sender == sender ? Math.max(highest, type.code) : highest;
        }
        MessageType[] index = new MessageType[highest + 1];
        for (MessageType type : values()) {
            if (type.sender == sender) {
                index[type.code] = type;
            }
        }
        return index;
    }

    /** The message of this number, if the specification knows it. */
    public static Optional<MessageType> of(Sender sender, int code) {
        MessageType[] index = sender == Sender.FRONT_END ? FROM_FRONT_END : FROM_BACK_END;
        return code >= 0 && code < index.length ? Optional.ofNullable(index[code]) : Optional.empty();
    }

    /** Its number on the wire. */
    public int code() {
        return code;
    }

    /** Who sends it. */
    public Sender sender() {
        return sender;
    }

    /** What answers it. */
    public ReplyKind reply() {
        return reply;
    }

    /** The fewest descriptors that go along. */
    public int minDescriptors() {
        return minFds;
    }

    /** The most descriptors that go along. */
    public int maxDescriptors() {
        return maxFds;
    }

    /** The shortest payload, in bytes. */
    public int minPayload() {
        return minSize;
    }

    /** The longest payload, in bytes. */
    public int maxPayload() {
        return maxSize;
    }

    /** Whether it is legal after what has been negotiated. */
    public boolean isLegal(Negotiated negotiated) {
        return gate.isOpen(negotiated);
    }

    /** Checks a request that has come against this row. */
    void check(Header header, int descriptors, Negotiated negotiated) {
        WireException.require(!header.reply(), this + ": a request with the flag of a reply", header);
        WireException.require(isLegal(negotiated), this + " needs a feature that was not negotiated", gate);
        WireException.require(
                header.size() >= minSize && header.size() <= maxSize,
                this + ": payload, " + minSize + " to " + maxSize + " bytes",
                header.size());
        WireException.require(
                descriptors >= minFds && descriptors <= maxFds,
                this + ": descriptors, " + minFds + " to " + maxFds,
                descriptors);
    }
}
