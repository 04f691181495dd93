package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;
import ringfence.option.OptionValues;

/** How a {@link PlatformConfig} is said. */
public final class PlatformOptions {
    private static final Option<PlatformConfig, Integer> SEGMENTS = Option.of(
            "num_pci_segments",
            OptionTypes.integer(1, PlatformConfig.MOST_SEGMENTS),
            1,
            PlatformConfig::numPciSegments,
            "PCI segments, each a bus of its own");
    private static final Option<PlatformConfig, Optional<String>> MANUFACTURER =
            text("system_manufacturer", SmbiosConfig::manufacturer, "whose machine the guest is told it has");
    private static final Option<PlatformConfig, Optional<String>> PRODUCT_NAME =
            text("system_product_name", SmbiosConfig::productName, "which machine that is");
    private static final Option<PlatformConfig, Optional<String>> VERSION =
            text("system_version", SmbiosConfig::version, "its version");
    private static final Option<PlatformConfig, Optional<String>> SERIAL_NUMBER =
            text("system_serial_number", SmbiosConfig::serialNumber, "its serial number");
    private static final Option<PlatformConfig, Optional<String>> UUID =
            text("system_uuid", SmbiosConfig::uuid, "its UUID");
    private static final Option<PlatformConfig, Optional<String>> SKU_NUMBER =
            text("system_sku_number", SmbiosConfig::skuNumber, "its article number");
    private static final Option<PlatformConfig, Optional<String>> FAMILY =
            text("system_family", SmbiosConfig::family, "its family");
    private static final Option<PlatformConfig, List<String>> OEM_STRINGS = Option.of(
            "oem_strings",
            OptionTypes.list(OptionTypes.text("text")),
            List.of(),
            p -> p.smbios().oemStrings(),
            "texts for the guest, such as systemd's credentials");
    private static final Option<PlatformConfig, Optional<String>> CHASSIS_ASSET_TAG =
            text("chassis_asset_tag", SmbiosConfig::chassisAssetTag, "its chassis' tag");
    /** Cloud Hypervisor's older names, read and never written. */
    private static final Option<PlatformConfig, Optional<String>> OLD_SERIAL_NUMBER =
            text("serial_number", _ -> "", "older name of system_serial_number");

    private static final Option<PlatformConfig, Optional<String>> OLD_UUID =
            text("uuid", _ -> "", "older name of system_uuid");

    /** Flags, JSON and help. */
    public static final OptionTable<PlatformConfig> TABLE = OptionTable.of(
                    "PlatformConfig",
                    PlatformOptions::made,
                    SEGMENTS,
                    MANUFACTURER,
                    PRODUCT_NAME,
                    VERSION,
                    SERIAL_NUMBER,
                    UUID,
                    SKU_NUMBER,
                    FAMILY,
                    OEM_STRINGS,
                    CHASSIS_ASSET_TAG,
                    OLD_SERIAL_NUMBER,
                    OLD_UUID)
            .unsupported(
                    "iommu_segments",
                    "iommu_address_width/iommu_address_width_bits=64",
                    "iommufd",
                    "iommufd_fd",
                    "vfio_p2p_dma=on",
                    "tdx",
                    "sev_snp");

    private PlatformOptions() {}

    private static Option<PlatformConfig, Optional<String>> text(
            String name, Function<SmbiosConfig, String> value, String help) {
        return Option.of(
                name,
                OptionTypes.optional(OptionTypes.text("text")),
                Optional.empty(),
                p -> Optional.of(value.apply(p.smbios())).filter(given -> !given.isEmpty()),
                help);
    }

    private static PlatformConfig made(OptionValues v) {
        return new PlatformConfig(
                v.get(SEGMENTS),
                new SmbiosConfig(
                        v.get(MANUFACTURER).orElse(""),
                        v.get(PRODUCT_NAME).orElse(""),
                        v.get(VERSION).orElse(""),
                        newer(v, SERIAL_NUMBER, OLD_SERIAL_NUMBER),
                        newer(v, UUID, OLD_UUID),
                        v.get(SKU_NUMBER).orElse(""),
                        v.get(FAMILY).orElse(""),
                        v.get(OEM_STRINGS),
                        v.get(CHASSIS_ASSET_TAG).orElse("")));
    }

    private static String newer(
            OptionValues v,
            Option<PlatformConfig, Optional<String>> option,
            Option<PlatformConfig, Optional<String>> older) {
        return v.get(option)
                .filter(given -> !given.isEmpty())
                .or(() -> v.get(older))
                .orElse("");
    }
}
