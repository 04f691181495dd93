package ringfence.vmm.api;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;

/**
 * The bodies of endpoints whose capability is still to come: names and types of Cloud Hypervisor's API, so that a client
 * hears of its own mistakes before it hears that there is nothing to be had yet.
 */
final class LaterBodies {
    private static final OptionType<String> TEXT = OptionTypes.text("text");
    private static final OptionType<Boolean> TOGGLE = OptionTypes.toggle();
    private static final OptionType<Long> SIZE = OptionTypes.size();
    private static final long MOST = 0xFFFF_FFFFL;

    /** Where a snapshot's memory comes from. */
    enum RestoreMode implements OptionTypes.Choice {
        COPY,
        ON_DEMAND
    }

    /** When memory moves. */
    enum MemoryMode implements OptionTypes.Choice {
        PRECOPY,
        POSTCOPY
    }

    /** What follows when it takes too long. */
    enum TimeoutStrategy implements OptionTypes.Choice {
        CANCEL,
        IGNORE
    }

    private LaterBodies() {}

    /** The tables, by the endpoint's name. */
    static Map<String, OptionTable<Object>> all() {
        Map<String, OptionTable<Object>> all = new HashMap<>();
        all.put(
                "vm.resize",
                table(
                        "VmResize",
                        field("desired_vcpus", OptionTypes.integer(1, 65535)),
                        field("desired_ram", SIZE),
                        field("desired_balloon", SIZE)));
        all.put(
                "vm.resize-zone",
                table("VmResizeZone", id(), field("desired_ram", SIZE)).required("id", "desired_ram"));
        all.put(
                "vm.resize-disk",
                table("VmResizeDisk", id(), field("desired_size", SIZE)).required("id", "desired_size"));
        all.put(
                "vm.snapshot",
                table("VmSnapshotConfig", field("destination_url", TEXT)).required("destination_url"));
        all.put(
                "vm.coredump",
                table("VmCoredumpData", field("destination_url", TEXT)).required("destination_url"));
        all.put("vm.restore", restore());
        all.put("vm.send-migration", send());
        all.put("vm.receive-migration", receive());
        devices(all);
        return all;
    }

    private static OptionTable<Object> restore() {
        return table(
                        "RestoreConfig",
                        field("source_url", TEXT),
                        field("prefault", TOGGLE),
                        field("memory_restore_mode", OptionTypes.choice(RestoreMode.class), RestoreMode.COPY),
                        field("resume", TOGGLE),
                        zones())
                .required("source_url");
    }

    private static OptionTable<Object> send() {
        OptionType<Long> positive = OptionTypes.number(1, MOST);
        return table(
                        "SendMigrationData",
                        field("destination_url", TEXT),
                        field("local", TOGGLE),
                        field("preserve_source", TOGGLE),
                        field("downtime_ms", positive, 300L),
                        field("timeout_s", positive, 3600L),
                        field("timeout_strategy", OptionTypes.choice(TimeoutStrategy.class), TimeoutStrategy.CANCEL),
                        field("connections", OptionTypes.integer(1, 128), 1),
                        field("tls_dir", TEXT),
                        field("memory_mode", OptionTypes.choice(MemoryMode.class), MemoryMode.PRECOPY))
                .required("destination_url");
    }

    private static OptionTable<Object> receive() {
        return table(
                        "ReceiveMigrationData",
                        field("receiver_url", TEXT),
                        field("tls_dir", TEXT),
                        field("memory_mode", OptionTypes.choice(MemoryMode.class), MemoryMode.PRECOPY),
                        zones())
                .required("receiver_url");
    }

    private static Option<Object, ?> zones() {
        OptionTable<Object> zone = table(
                        "VmMemoryZoneUpdateData", id(), field("host_numa_node", OptionTypes.number(0, MOST)))
                .required("id", "host_numa_node");
        return field("zone_updates", OptionTypes.list(OptionTypes.record(zone)));
    }

    private static void devices(Map<String, OptionTable<Object>> all) {
        all.put(
                "vm.add-device",
                device(
                        "DeviceConfig",
                        field("path", TEXT),
                        field("x_nv_gpudirect_clique", OptionTypes.integer(0, 127)),
                        field("x_exclude_mmap_bars", OptionTypes.integers(0, 255))));
        all.put(
                "vm.add-user-device",
                device("VmAddUserDevice", field("socket", TEXT)).required("socket"));
        all.put(
                "vm.add-generic-vhost-user",
                device(
                                "GenericVhostUserConfig",
                                field("socket", TEXT),
                                field("queue_sizes", OptionTypes.integers(0, 65535)),
                                field("device_type", OptionTypes.number(0, MOST)))
                        .required("socket", "queue_sizes", "device_type"));
        all.put(
                "vm.add-pmem",
                device("PmemConfig", field("file", TEXT), field("size", SIZE), field("discard_writes", TOGGLE, false))
                        .required("file"));
        all.put(
                "vm.add-vdpa",
                device("VdpaConfig", field("path", TEXT), field("num_queues", OptionTypes.integer(1, 65535)))
                        .required("path", "num_queues"));
        all.put(
                "vm.add-vsock",
                device("VsockConfig", field("cid", OptionTypes.number(3, MOST)), field("socket", TEXT))
                        .required("cid", "socket"));
    }

    /** A table with the members that every device has. */
    private static OptionTable<Object> device(String name, List<Option<Object, ?>> own) {
        List<Option<Object, ?>> all = new ArrayList<>(own);
        all.add(id());
        all.add(field("iommu", TOGGLE, false));
        all.add(field("pci_segment", OptionTypes.integer(0, 95)));
        all.add(field("pci_device_id", OptionTypes.integer(0, 31)));
        return OptionTable.of(name, _ -> name, all);
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    private static OptionTable<Object> device(String name, Option<Object, ?>... own) {
        return device(name, List.of(own));
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    private static OptionTable<Object> table(String name, Option<Object, ?>... fields) {
        return OptionTable.of(name, _ -> name, List.of(fields));
    }

    private static Option<Object, ?> id() {
        return field("id", TEXT);
    }

    /** One that has a value also where nothing is said. */
    private static <V> Option<Object, ?> field(String name, OptionType<V> type, V otherwise) {
        return Option.of(name, type, otherwise, _ -> otherwise, "");
    }

    private static <V> Option<Object, ?> field(String name, OptionType<V> type) {
        return Option.of(name, OptionTypes.optional(type), Optional.empty(), _ -> Optional.empty(), "");
    }
}
