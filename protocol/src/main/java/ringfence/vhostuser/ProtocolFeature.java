package ringfence.vhostuser;

/** Protocol feature bits, negotiated by GET_PROTOCOL_FEATURES and SET_PROTOCOL_FEATURES (section "Protocol features"). */
public enum ProtocolFeature {
    /** More queues than a device has by nature; GET_QUEUE_NUM. */
    MQ(0),
    /** The dirty log is shared memory. */
    LOG_SHMFD(1),
    /** SEND_RARP. */
    RARP(2),
    /** A request may ask for an acknowledgement. */
    REPLY_ACK(3),
    /** NET_SET_MTU. */
    MTU(4),
    /** The back-end may send requests, over a channel of its own. */
    BACKEND_REQ(5),
    /** Rings of the other byte order. */
    CROSS_ENDIAN(6),
    /** Sessions of a crypto device. */
    CRYPTO_SESSION(7),
    /** Post-copy migration. */
    PAGEFAULT(8),
    /** The configuration space is the back-end's. */
    CONFIG(9),
    /** Requests of the back-end may carry descriptors. */
    BACKEND_SEND_FD(10),
    /** A queue's notify register may be the device's own. */
    HOST_NOTIFIER(11),
    /** Requests in flight are tracked in shared memory that outlives the back-end. */
    INFLIGHT_SHMFD(12),
    /** RESET_DEVICE. */
    RESET_DEVICE(13),
    /** Kicks and calls as messages. */
    INBAND_NOTIFICATIONS(14),
    /** Memory regions come and go one at a time. */
    CONFIGURE_MEM_SLOTS(15),
    /** The device status is passed on. */
    STATUS(16),
    /** Regions carry Xen's mapping flags. Changes a layout; never offered or asked for here. */
    XEN_MMAP(17),
    /** Objects shared between back-ends. */
    SHARED_OBJECT(18),
    /** The device's inner state can be saved and loaded. */
    DEVICE_STATE(19),
    /** GET_VRING_BASE may leave requests in flight. */
    GET_VRING_BASE_INFLIGHT(20),
    /** Ring addresses are guest addresses. */
    GPA_ADDRESSES(21),
    /** The back-end maps files into a shared memory region of the device. */
    SHMEM_MAP(22);

    private final int bit;

    ProtocolFeature(int bit) {
        this.bit = bit;
    }

    /** Its mask. */
    public long mask() {
        return 1L << bit;
    }

    /** Whether {@code bits} hold it. */
    public boolean in(long bits) {
        return (bits & mask()) != 0;
    }

    /** The masks of all of them together. */
    public static long mask(ProtocolFeature... features) {
        long mask = 0;
        for (ProtocolFeature feature : features) {
            mask |= feature.mask();
        }
        return mask;
    }
}
