package ringfence.vmm.api;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringfence.option.FlagSyntax;
import ringfence.option.Json;
import ringfence.option.Option;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;
import ringfence.option.OptionValues;
import ringfence.vmm.config.PlatformConfig;

/**
 * The bodies of endpoints whose capability is still to come: names and types of Cloud Hypervisor's API, so that a client
 * hears of its own mistakes before it hears that there is nothing to be had yet. In a flag they have the keys that Cloud
 * Hypervisor's client takes. Any thread.
 */
public final class LaterBodies {
    private static final OptionType<String> TEXT = OptionTypes.text("text");
    private static final OptionType<Boolean> TOGGLE = OptionTypes.toggle();
    private static final OptionType<Long> SIZE = OptionTypes.size();
    private static final long MOST = 0xFFFF_FFFFL;

    /** Where a snapshot's memory comes from. */
    enum RestoreMode implements OptionTypes.Choice {
        COPY,
        ON_DEMAND {
            @Override
            public String word() {
                return "ondemand";
            }
        }
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

    /** The tables, by the endpoint's name, such as {@code vm.snapshot}. Their record is the body itself. */
    public static Map<String, OptionTable<Json.Obj>> all() {
        Map<String, OptionTable<Json.Obj>> all = new HashMap<>();
        all.put(
                "vm.resize-zone",
                table("VmResizeZone", id(), field("desired_ram", SIZE)).required("id", "desired_ram"));
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

    private static OptionTable<Json.Obj> restore() {
        return table(
                        "RestoreConfig",
                        field("source_url", TEXT),
                        field("prefault", TOGGLE),
                        field("memory_restore_mode", OptionTypes.choice(RestoreMode.class), RestoreMode.COPY),
                        field("resume", TOGGLE),
                        zones())
                .required("source_url")
                .unsupported("net_fds/", "vfio_fds/", "iommufd_fd/");
    }

    private static OptionTable<Json.Obj> send() {
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

    private static OptionTable<Json.Obj> receive() {
        return table(
                        "ReceiveMigrationData",
                        field("receiver_url", TEXT),
                        field("tls_dir", TEXT),
                        field("memory_mode", OptionTypes.choice(MemoryMode.class), MemoryMode.PRECOPY),
                        zones())
                .required("receiver_url")
                .unsupported("vfio_fds/", "iommufd_fd/");
    }

    private static Option<Json.Obj, ?> zones() {
        OptionTable<Json.Obj> zone = table(
                        "VmMemoryZoneUpdateData", id(), field("host_numa_node", OptionTypes.number(0, MOST)))
                .required("id", "host_numa_node");
        return field("zone_updates", OptionTypes.list(new ZoneUpdate(OptionTypes.record(zone))));
    }

    private static void devices(Map<String, OptionTable<Json.Obj>> all) {
        all.put(
                "vm.add-device",
                device(
                                "DeviceConfig",
                                field("path", TEXT),
                                field("x_nv_gpudirect_clique", OptionTypes.integer(0, 127)),
                                field("x_exclude_mmap_bars", OptionTypes.integers(0, 255)))
                        .unsupported("fd/"));
        all.put(
                "vm.add-user-device",
                device("VmAddUserDevice", field("socket", TEXT)).required("socket"));
        all.put(
                "vm.add-vdpa",
                device(
                                "VdpaConfig",
                                field("path", TEXT),
                                inFlags("num_queues", OptionTypes.integer(1, 65535), Optional.of(1)))
                        .required("path", "num_queues"));
    }

    /** A zone's new place: {@code ZONE@NODE} in a flag, an object in JSON. */
    private record ZoneUpdate(OptionType<Json.Obj> object) implements OptionType<Json.Obj> {
        @Override
        public Json.Obj parse(String text) {
            int at = text.indexOf('@');
            if (at < 0) {
                throw new OptionException("'" + text + "' has no '@': write [<zone>@<node>,...]");
            }
            long node = FlagSyntax.number(text.substring(at + 1));
            return object.read(Json.object("id", text.substring(0, at), "host_numa_node", node));
        }

        @Override
        public Json.Obj read(Json json) {
            return object.read(json);
        }

        @Override
        public void unknown(Json json, String path, List<String> found) {
            object.unknown(json, path, found);
        }

        @Override
        public Json write(Json.Obj value) {
            return object.write(value);
        }

        @Override
        public String syntax() {
            return "<zone>@<node>";
        }

        @Override
        public Json.Obj schema() {
            return object.schema();
        }

        @Override
        public void schemas(Map<String, Json> found) {
            object.schemas(found);
        }
    }

    /** A table with the members that every device has. */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    private static OptionTable<Json.Obj> device(String name, Option<Json.Obj, ?>... own) {
        List<Option<Json.Obj, ?>> all = new ArrayList<>(List.of(own));
        all.add(id());
        all.add(field("iommu", TOGGLE, false));
        all.add(field("pci_segment", OptionTypes.integer(0, PlatformConfig.MOST_SEGMENTS - 1)));
        all.add(field("pci_device_id", OptionTypes.integer(0, 31)));
        return OptionTable.of(name, values -> body(all, values), all);
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    private static OptionTable<Json.Obj> table(String name, Option<Json.Obj, ?>... fields) {
        List<Option<Json.Obj, ?>> all = List.of(fields);
        return OptionTable.of(name, values -> body(all, values), all);
    }

    private static Json.Obj body(List<Option<Json.Obj, ?>> fields, OptionValues values) {
        Map<String, Json> members = new LinkedHashMap<>();
        for (Option<Json.Obj, ?> field : fields) {
            Json member = member(field, values);
            if (member != Json.Null.NULL) {
                members.put(field.field(), member);
            }
        }
        return new Json.Obj(members);
    }

    private static <V> Json member(Option<?, V> field, OptionValues values) {
        return field.type().write(values.get(field));
    }

    private static Option<Json.Obj, ?> id() {
        return field("id", TEXT);
    }

    private static <V> Option<Json.Obj, ?> field(String name, OptionType<V> type) {
        return inFlags(name, type, Optional.empty());
    }

    /** One that a flag gives a value where it says nothing, and a body has to have. */
    private static <V> Option<Json.Obj, ?> inFlags(String name, OptionType<V> type, Optional<V> otherwise) {
        OptionType<Optional<V>> optional = OptionTypes.optional(type);
        return Option.of(
                name,
                optional,
                otherwise,
                body -> body.get(name) == Json.Null.NULL ? Optional.empty() : optional.read(body.get(name)),
                "");
    }

    /** One that has a value also where nothing is said. */
    private static <V> Option<Json.Obj, ?> field(String name, OptionType<V> type, V otherwise) {
        return Option.of(
                name,
                type,
                otherwise,
                body -> body.get(name) == Json.Null.NULL ? otherwise : type.read(body.get(name)),
                "");
    }
}
