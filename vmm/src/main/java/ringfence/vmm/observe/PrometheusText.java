package ringfence.vmm.observe;

import java.math.BigDecimal;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import ringfence.telemetry.CounterKind;
import ringfence.telemetry.CountersReading;
import ringfence.telemetry.CountersReading.Value;

/**
 * Counters in Prometheus' text format, version 0.0.4: families in order, each with HELP and TYPE, its samples together and
 * none twice, whatever the files say.
 */
public final class PrometheusText {
    /** Types below are every daemon's, of a queue. */
    private static final int OWN_TYPES = 100;

    private static final int NANOS = 9;
    private static final int MICROS = 6;
    private static final Pattern QUEUE = Pattern.compile(".*/q([0-9]{1,5})");
    private static final Pattern VCPU = Pattern.compile("vcpu([0-9]{1,5})");

    private record Family(String type, String help, Set<String> names, StringBuilder samples) {}

    private final SortedMap<String, Family> families = new TreeMap<>();

    private PrometheusText() {}

    /** All that these VMs count, with the ends of lines that the format wants. */
    public static String of(List<RunningVm> vms) {
        PrometheusText text = new PrometheusText();
        for (RunningVm vm : vms) {
            Map<String, String> labels = new LinkedHashMap<>();
            labels.put("vm", Long.toString(vm.pid()));
            if (!vm.socket().isEmpty()) {
                labels.put("socket", vm.socket());
            }
            text.add(vm.counters(), labels);
            for (RunningVm.Device device : vm.devices()) {
                Map<String, String> ofDevice = with(labels, "device", device.id());
                device.counters().ifPresent(counters -> text.add(counters, ofDevice));
            }
        }
        StringBuilder all = new StringBuilder();
        text.families.forEach((name, family) -> all.append("# HELP ")
                .append(name)
                .append(' ')
                .append(family.help().replace("\\", "\\\\"))
                .append("\n# TYPE ")
                .append(name)
                .append(' ')
                .append(family.type())
                .append('\n')
                .append(family.samples()));
        return all.toString();
    }

    private void add(CountersReading reading, Map<String, String> labels) {
        Map<String, List<Value>> histograms = reading.values().stream()
                .filter(value -> value.kind() == CounterKind.BUCKET || value.kind() == CounterKind.SUM)
                .collect(Collectors.groupingBy(
                        value -> value.owner() + ' ' + value.label(), LinkedHashMap::new, Collectors.toList()));
        for (Value value : reading.values()) {
            String name = name(reading.program(), value);
            Map<String, String> own = labels(value, labels);
            switch (value.kind()) {
                case TOTAL -> sample(name + "_total", "counter", value.help(), own, value.value());
                case GAUGE -> {
                    if (name.endsWith("_us")) {
                        String seconds = name.substring(0, name.length() - "us".length()) + "seconds";
                        sample(seconds, "gauge", value.help(), own, decimal(value.value(), MICROS));
                    } else {
                        sample(name, "gauge", value.help(), own, value.value());
                    }
                }
                case BUCKET, SUM -> {} // all of one together
            }
        }
        histograms.values().forEach(parts -> histogram(reading.program(), parts, labels));
        sample(
                "ringfence_resident_bytes",
                "gauge",
                "memory of the process, what it shares with others included",
                labels,
                RunningVm.resident(reading.pid()));
    }

    private void histogram(String program, List<Value> parts, Map<String, String> labels) {
        Value first = parts.getFirst();
        String name = name(program, first) + "_seconds";
        Map<String, String> own = labels(first, labels);
        Family family = family(name, "histogram", first.help());
        if (family == null || !family.names().add(name + own)) {
            return;
        }
        long count = 0;
        long sum = 0;
        for (Value part :
                parts.stream().sorted(Comparator.comparingLong(Value::bound)).toList()) {
            if (part.kind() == CounterKind.SUM) {
                sum = part.value();
            } else if (part.bound() != Long.MAX_VALUE) {
                count += Math.max(0, part.value());
                append(family, name + "_bucket", with(own, "le", decimal(part.bound(), NANOS)), count);
            } else {
                count += Math.max(0, part.value());
            }
        }
        append(family, name + "_bucket", with(own, "le", "+Inf"), count);
        append(family, name + "_sum", own, decimal(sum, NANOS));
        append(family, name + "_count", own, count);
    }

    /** Of one unit more or less: {@code ringfence_blk_read_bytes}. */
    private static String name(String program, Value value) {
        String whose = value.type() < OWN_TYPES ? "queue" : program.replaceFirst("^vhost-user-|^ringfence$", "");
        String label = value.label().replaceFirst("/.*", "");
        String name = "ringfence_" + (whose.isEmpty() ? "" : whose + "_") + label;
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    }

    private static Map<String, String> labels(Value value, Map<String, String> labels) {
        Map<String, String> own = new LinkedHashMap<>(labels);
        Matcher queue = QUEUE.matcher(value.owner());
        Matcher vcpu = VCPU.matcher(value.owner());
        if (queue.matches()) {
            own.put("queue", queue.group(1));
        } else if (vcpu.matches()) {
            own.put("vcpu", vcpu.group(1));
        } else if (value.owner().startsWith(RunningVm.DEVICE)) {
            own.put("device", value.owner().substring(RunningVm.DEVICE.length()));
        } else if (!value.owner().equals("vm")) {
            own.put("owner", value.owner());
        }
        int slash = value.label().indexOf('/');
        if (slash >= 0) {
            own.put("reason", value.label().substring(slash + 1));
        }
        return own;
    }

    private static Map<String, String> with(Map<String, String> labels, String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(labels);
        more.put(name, value);
        return more;
    }

    /** Null: the family is of another type, by somebody else's word. */
    private Family family(String name, String type, String help) {
        Family family =
                families.computeIfAbsent(name, _ -> new Family(type, help, new LinkedHashSet<>(), new StringBuilder()));
        return family.type().equals(type) ? family : null;
    }

    private void sample(String name, String type, String help, Map<String, String> labels, Object value) {
        Family family = family(name, type, help);
        if (family != null && family.names().add(name + labels)) {
            append(family, name, labels, value);
        }
    }

    private static void append(Family family, String name, Map<String, String> labels, Object value) {
        String text = labels.entrySet().stream()
                .map(label -> label.getKey() + "=\""
                        + label.getValue().replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",", "{", "}"));
        family.samples().append(name).append(text).append(' ').append(value).append('\n');
    }

    private static String decimal(long number, int places) {
        return BigDecimal.valueOf(number, places).stripTrailingZeros().toPlainString();
    }
}
