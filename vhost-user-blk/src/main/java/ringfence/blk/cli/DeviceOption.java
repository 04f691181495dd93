package ringfence.blk.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import ringfence.blk.engine.BlkOptions;
import ringfence.blk.engine.EngineChoice;

/**
 * The syntax of {@code --device}: {@code path=IMAGE,socket=PATH[,readonly=on][,direct=on][,resizable=on]
 * [,num_queues=N][,queue_size=N][,serial=TEXT][,sparse=off][,lock_granularity=full][,io_engine=NAME][,fence=PATH][,counters=PATH]}, the keys of the VMM's {@code --disk}.
 */
final class DeviceOption {
    private static final Set<String> KEYS = new TreeSet<>(Set.of(
            "path",
            "socket",
            "readonly",
            "direct",
            "resizable",
            "num_queues",
            "queue_size",
            "serial",
            "sparse",
            "lock_granularity",
            "io_engine",
            "fence",
            "counters"));

    private DeviceOption() {}

    /** @throws IllegalArgumentException with one line for the user */
    static DeviceSpec parse(String text) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            String key = equals < 0 ? part : part.substring(0, equals);
            if (equals < 0 || !KEYS.contains(key)) {
                throw new IllegalArgumentException(
                        "--device: unknown key '" + key + "'; known: " + String.join(", ", KEYS));
            }
            if (values.put(key, part.substring(equals + 1)) != null) {
                throw new IllegalArgumentException("--device: " + key + " is given twice");
            }
        }
        Optional<String> socket = Optional.of(needed(values, "socket"));
        EngineChoice choice = DeviceSpec.engine(values.getOrDefault("io_engine", "auto"));
        BlkOptions options = new BlkOptions(
                number(values, "num_queues", 1),
                number(values, "queue_size", BlkMain.DEFAULT_QUEUE_SIZE),
                values.getOrDefault("serial", ""),
                choice,
                flag(values, "resizable", "off"),
                flag(values, "sparse", "on"));
        return new DeviceSpec(
                needed(values, "path"),
                socket,
                OptionalInt.empty(),
                DeviceSpec.fence(Optional.ofNullable(values.get("fence")), socket),
                flag(values, "readonly", "off"),
                flag(values, "direct", "off"),
                DeviceSpec.wholeLock(values.getOrDefault("lock_granularity", "byte-range")),
                Map.of(),
                Optional.ofNullable(values.get("counters")).map(Path::of),
                options);
    }

    private static String needed(Map<String, String> values, String key) {
        String value = values.get(key);
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException("--device: " + key + " is missing");
        }
        return value;
    }

    private static int number(Map<String, String> values, String key, int otherwise) {
        String value = values.get(key);
        try {
            return value == null ? otherwise : Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--device: " + key + " is not a number: " + value, e);
        }
    }

    private static boolean flag(Map<String, String> values, String key, String otherwise) {
        return switch (values.getOrDefault(key, otherwise)) {
            case "on", "true" -> true;
            case "off", "false" -> false;
            default -> throw new IllegalArgumentException("--device: " + key + " is on or off, not " + values.get(key));
        };
    }
}
