package ringfence.vmm.config;

import java.util.Optional;
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
 * @param place where it sits on PCI
 */
public record VsockConfig(String id, long cid, String socket, PciPlace place) {
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
    private static final Option<VsockConfig, Integer> PCI_SEGMENT = PciPlace.segmentOption(VsockConfig::place);
    private static final Option<VsockConfig, Optional<Integer>> PCI_DEVICE = PciPlace.deviceOption(VsockConfig::place);

    /** Flags, JSON and help. */
    public static final OptionTable<VsockConfig> TABLE = OptionTable.of(
                    "VsockConfig",
                    v -> new VsockConfig(
                            v.get(ID).orElse(""),
                            v.get(CID),
                            v.get(SOCKET),
                            PciPlace.of(v.get(PCI_SEGMENT), v.get(PCI_DEVICE))),
                    CID,
                    SOCKET,
                    ID,
                    PCI_SEGMENT,
                    PCI_DEVICE)
            .required("cid", "socket")
            .unsupported("iommu");

    /** The same under that name. */
    VsockConfig named(String name) {
        return new VsockConfig(name, cid, socket, place);
    }
}
