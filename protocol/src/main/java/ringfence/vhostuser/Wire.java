package ringfence.vhostuser;

/** Sizes on the wire, in bytes, and other numbers of the specification. */
final class Wire {
    /** A memory region: guest address, size, user address, offset in the file. */
    static final int REGION = 32;
    /** Number of regions and padding. */
    static final int REGIONS_HEADER = 8;
    /** Regions in one SET_MEM_TABLE. */
    static final int MAX_REGIONS = 8;
    /** Padding and a region: ADD_MEM_REG. */
    static final int SINGLE_REGION = 8 + REGION;
    /** Index, flags and four addresses: SET_VRING_ADDR. */
    static final int VRING_ADDRESS = 40;
    /** Offset, size and flags before the bytes of the configuration space. */
    static final int CONFIG_HEADER = 12;
    /** Bytes of configuration space in one message. */
    static final int MAX_CONFIG = 256;
    /** {@code VhostUserInflight} as its fields add up; some peers send that. */
    static final int INFLIGHT_PACKED = 20;
    /** {@code VhostUserInflight} as QEMU, libvhost-user and DPDK send and demand it: with 4 bytes of padding. */
    static final int INFLIGHT = 24;
    /** {@code struct vhost_iotlb_msg} as its fields add up. */
    static final int IOTLB_PACKED = 26;
    /** {@code struct vhost_iotlb_msg} as C lays it out. */
    static final int IOTLB = 32;
    /** Index and flags, size, offset: host notifiers. */
    static final int VRING_AREA = 24;
    /** A UUID. */
    static final int UUID = 16;
    /** Region id and padding, two offsets, length, flags. */
    static final int MAP = 40;
    /** Shared memory regions of a device. */
    static final int MAX_SHARED_MEMORY = 256;
    /** Their number, padding, and a size for each. */
    static final int SHARED_MEMORY = 8 + 8 * MAX_SHARED_MEMORY;
    /** Queues that a message can name. */
    static final int MAX_QUEUES = 256;
    /** In the payload of SET_VRING_KICK, CALL and ERR: the bits of the index. */
    static final long VRING_INDEX = 0xff;
    /** There too: no descriptor goes along. */
    static final long NO_DESCRIPTOR = 0x100;

    private Wire() {}
}
