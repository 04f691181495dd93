package ringfence.vmm.config;

import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * The machine itself ({@code --platform}).
 *
 * @param numPciSegments PCI segments, 1 to {@value #MOST_SEGMENTS}, numbered from 0; each has room for 31 or 32 devices
 */
public record PlatformConfig(int numPciSegments) {
    /** Cloud Hypervisor's limit. */
    public static final int MOST_SEGMENTS = 96;

    private static final Option<PlatformConfig, Integer> SEGMENTS = Option.of(
            "num_pci_segments",
            OptionTypes.integer(1, MOST_SEGMENTS),
            1,
            PlatformConfig::numPciSegments,
            "PCI segments, each a bus of its own");

    /** Flags, JSON and help. */
    public static final OptionTable<PlatformConfig> TABLE = OptionTable.of(
                    "PlatformConfig", v -> new PlatformConfig(v.get(SEGMENTS)), SEGMENTS)
            .unsupported(
                    "iommu_segments",
                    "iommu_address_width/iommu_address_width_bits=64",
                    "iommufd",
                    "iommufd_fd",
                    "vfio_p2p_dma=on",
                    "serial_number",
                    "uuid",
                    "system_manufacturer",
                    "system_product_name",
                    "system_version",
                    "system_serial_number",
                    "system_uuid",
                    "system_sku_number",
                    "system_family",
                    "oem_strings",
                    "chassis_asset_tag",
                    "tdx",
                    "sev_snp");

    /** Cloud Hypervisor's default. */
    public static final PlatformConfig DEFAULT = new PlatformConfig(1);
}
