package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;
import ringfence.virtio.VsockLayout;

/**
 * Sockets between guest and host ({@code --vsock}), a virtio socket device whose other end are Unix sockets.
 *
 * @param id unique; empty: {@link VmConfig} gives it one
 * @param cid the guest's address
 * @param socket where programs of the host's connect; what the guest connects to is this, {@code _} and the port
 * @param pciDeviceId PCI device number; empty: the first that is free
 * @param pciSegment PCI segment
 */
public record VsockConfig(String id, long cid, String socket, OptionalInt pciDeviceId, int pciSegment) {
    private static final Option<VsockConfig, Long> CID = Option.of(
            "cid",
            OptionTypes.number(VsockLayout.FIRST_GUEST_CID, VsockLayout.LAST_GUEST_CID),
            VsockLayout.FIRST_GUEST_CID,
            VsockConfig::cid,
            "the guest's address");
    private static final Option<VsockConfig, String> SOCKET = Option.of(
            "socket",
            OptionTypes.text("path"),
            "",
            VsockConfig::socket,
            "where programs connect; the guest's port 1234 is PATH_1234");
    private static final Option<VsockConfig, Optional<String>> ID = Option.of(
            "id",
            OptionTypes.optional(OptionTypes.text("text")),
            Optional.empty(),
            v -> v.id.isEmpty() ? Optional.empty() : Optional.of(v.id),
            "a unique name; made where none is given");
    private static final Option<VsockConfig, Integer> PCI_SEGMENT =
            Option.of("pci_segment", OptionTypes.integer(0, 95), 0, VsockConfig::pciSegment, "PCI segment");
    private static final Option<VsockConfig, Optional<Integer>> PCI_DEVICE = Option.of(
            "pci_device_id",
            OptionTypes.optional(OptionTypes.integer(0, 31)),
            Optional.empty(),
            v -> v.pciDeviceId.isPresent() ? Optional.of(v.pciDeviceId.getAsInt()) : Optional.empty(),
            "PCI device number; the first that is free");

    /** Flags, JSON and help. */
    public static final OptionTable<VsockConfig> TABLE = OptionTable.of(
                    "VsockConfig",
                    v -> new VsockConfig(
                            v.get(ID).orElse(""),
                            v.get(CID),
                            v.get(SOCKET),
                            v.get(PCI_DEVICE).map(OptionalInt::of).orElseGet(OptionalInt::empty),
                            v.get(PCI_SEGMENT)),
                    CID,
                    SOCKET,
                    ID,
                    PCI_SEGMENT,
                    PCI_DEVICE)
            .required("cid", "socket")
            .unsupported("iommu");

    /** The same under that name. */
    VsockConfig named(String name) {
        return new VsockConfig(name, cid, socket, pciDeviceId, pciSegment);
    }

    /** What is wrong with it, beside what it shares with others. */
    List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        PciPlace.check(pciSegment, pciDeviceId, problems);
        return problems;
    }
}
