package ringfence.vhostuser;

/**
 * An entry of an IOMMU's translation cache, or news about one ({@code struct vhost_iotlb_msg}).
 *
 * @param iova I/O virtual address
 * @param size bytes
 * @param userAddress where the front-end has it mapped
 * @param permission 0: none, 1: read, 2: write, 3: both
 * @param kind 1: miss, 2: update, 3: invalidate, 4: access failed, 5 and 6: begin and end of a batch
 */
public record Iotlb(long iova, long size, long userAddress, int permission, int kind) {
    /** Checks the two small numbers. */
    public Iotlb {
        WireException.require(permission >= 0 && permission <= 3, "IOTLB_MSG: permission", permission);
        WireException.require(kind >= 1 && kind <= 6, "IOTLB_MSG: type", kind);
    }
}
