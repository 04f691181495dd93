package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;
import ringfence.virtio.DeviceType;

/**
 * A virtio device of any type whose back-end somebody else has started ({@code --generic-vhost-user}).
 *
 * @param id unique; empty: {@link VmConfig} gives it one
 * @param socket where the back-end listens
 * @param deviceType virtio device type, 1 to 63
 * @param queueSizes entries of each queue; so many queues it has, as its type wants them
 * @param place where it sits on PCI
 */
public record GenericConfig(String id, String socket, int deviceType, List<Integer> queueSizes, PciPlace place) {
    /** vhost-user numbers queues with one byte. */
    private static final int MOST_QUEUES = 256;

    private static final Option<GenericConfig, String> SOCKET =
            Option.of("socket", OptionTypes.text("path"), "", GenericConfig::socket, "where its back-end listens");
    private static final Option<GenericConfig, Integer> TYPE =
            Option.of("device_type", VirtioType.TYPE, 1, GenericConfig::deviceType, "virtio device type");
    private static final Option<GenericConfig, List<Integer>> SIZES = Option.of(
            "queue_sizes",
            OptionTypes.integers(1, 32768),
            List.of(),
            GenericConfig::queueSizes,
            "entries of each of its queues");
    private static final Option<GenericConfig, Optional<String>> ID = Option.of(
            "id",
            OptionTypes.optional(OptionTypes.text("text")),
            Optional.empty(),
            g -> g.id.isEmpty() ? Optional.empty() : Optional.of(g.id),
            "a unique name; made where none is given");
    private static final Option<GenericConfig, Integer> PCI_SEGMENT = PciPlace.segmentOption(GenericConfig::place);
    private static final Option<GenericConfig, Optional<Integer>> PCI_DEVICE =
            PciPlace.deviceOption(GenericConfig::place);

    /** Flags, JSON and help. */
    public static final OptionTable<GenericConfig> TABLE = OptionTable.of(
                    "GenericVhostUserConfig",
                    v -> new GenericConfig(
                            v.get(ID).orElse(""),
                            v.get(SOCKET),
                            v.get(TYPE),
                            v.get(SIZES),
                            PciPlace.of(v.get(PCI_SEGMENT), v.get(PCI_DEVICE))),
                    SOCKET,
                    TYPE,
                    SIZES,
                    ID,
                    PCI_SEGMENT,
                    PCI_DEVICE)
            .required("socket", "device_type", "queue_sizes")
            .unsupported("iommu")
            .alias("virtio_id", "device_type"); // Cloud Hypervisor's, until it had this name

    /** Copies the list. */
    public GenericConfig {
        queueSizes = List.copyOf(queueSizes);
    }

    /** The same under that name. */
    GenericConfig named(String name) {
        return new GenericConfig(name, socket, deviceType, queueSizes, place);
    }

    /** What is wrong with it, beside what it shares with others. */
    List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        switch (deviceType) {
            case DeviceType.IOMMU, DeviceType.WATCHDOG ->
                problems.add(new Problem("device_type", deviceType + " acts on the machine itself: no back-end can"));
            case DeviceType.MEM, DeviceType.PMEM ->
                problems.add(new Problem("device_type", deviceType + " is memory, which a back-end cannot give"));
            default -> {}
        }
        if (queueSizes.isEmpty() || queueSizes.size() > MOST_QUEUES) {
            problems.add(new Problem(
                    "queue_sizes",
                    queueSizes.size() + " queues, 1 to " + MOST_QUEUES + " are possible: give a size for each"));
        }
        for (int size : queueSizes) {
            if (Integer.bitCount(size) != 1) {
                problems.add(new Problem("queue_sizes", size + " is no power of two: give 128, for instance"));
            }
        }
        return problems;
    }
}
