package ringfence.vhostuser;

import static ringfence.vhostuser.WireException.require;

/**
 * A range of a shared memory region of the device ({@code VhostUserMMap}).
 *
 * @param region its id, 0 to 255
 * @param fileOffset where in the file
 * @param regionOffset where in the region
 * @param length bytes
 * @param writable whether the guest may write
 */
public record SharedMap(int region, long fileOffset, long regionOffset, long length, boolean writable) {
    /** Neither range wraps. */
    public SharedMap {
        require(region >= 0 && region < Wire.MAX_SHARED_MEMORY, "BACKEND_SHMEM_MAP: region", region);
        require(
                length > 0
                        && fileOffset >= 0
                        && regionOffset >= 0
                        && fileOffset <= Long.MAX_VALUE - length
                        && regionOffset <= Long.MAX_VALUE - length,
                "BACKEND_SHMEM_MAP: range",
                length + " at " + regionOffset + " from " + fileOffset);
    }
}
