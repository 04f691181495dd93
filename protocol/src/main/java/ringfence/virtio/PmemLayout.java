package ringfence.virtio;

/**
 * The persistent memory device (virtio 1.3, 5.19). All fields are little-endian.
 * <pre>
 * struct virtio_pmem_config { le64 start; le64 size; };
 * struct virtio_pmem_req { le32 type; };
 * struct virtio_pmem_resp { le32 ret; };
 * </pre>
 */
public final class PmemLayout {
    /** Bytes of the configuration space. */
    public static final int CONFIG = 16;
    /** Where the guest sees the memory. */
    public static final int START = 0;
    /** Its bytes. */
    public static final int SIZE = 8;

    /** VIRTIO_PMEM_REQ_TYPE_FLUSH. */
    public static final int FLUSH = 0;
    /** VIRTIO_PMEM_RESP_TYPE_OK. */
    public static final int OK = 0;
    /** VIRTIO_PMEM_RESP_TYPE_EIO. */
    public static final int EIO = 1;

    private PmemLayout() {}
}
