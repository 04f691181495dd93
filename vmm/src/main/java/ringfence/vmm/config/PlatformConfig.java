package ringfence.vmm.config;

import java.util.List;

/**
 * The machine itself ({@code --platform}). Most machines say nothing of it, so that how it is said is apart: {@link
 * PlatformOptions}.
 *
 * @param numPciSegments PCI segments, 1 to {@value #MOST_SEGMENTS}, numbered from 0; each has room for 31 or 32 devices
 * @param smbios what its guest reads of it in its SMBIOS tables
 */
public record PlatformConfig(int numPciSegments, SmbiosConfig smbios) {
    /** Cloud Hypervisor's limit. */
    public static final int MOST_SEGMENTS = 96;

    /** Cloud Hypervisor's default. */
    public static final PlatformConfig DEFAULT = new PlatformConfig(1, SmbiosConfig.NONE);

    /** What is wrong with it. */
    List<Problem> problems() {
        return smbios.problems();
    }
}
