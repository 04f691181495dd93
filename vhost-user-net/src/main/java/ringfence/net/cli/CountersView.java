package ringfence.net.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringfence.linux.Linux;
import ringfence.option.Json;
import ringfence.telemetry.CountersReading;

/** A file of counters for people, a line per counter, and for programs, as JSON. */
final class CountersView {
    static final String OPTION = "--show-counters";

    private final CountersReading reading;

    private CountersView(CountersReading reading) {
        this.reading = reading;
    }

    /** @throws IllegalArgumentException with one line that names the option */
    static CountersView of(Linux linux, String file) {
        return new CountersView(CountersReading.of(linux, OPTION, Path.of(file)));
    }

    /** Two columns, a line per counter; those of one queue stand together. */
    String table() {
        StringBuilder text = new StringBuilder(reading.program())
                .append(", process ")
                .append(reading.pid())
                .append(", since ")
                .append(reading.started());
        reading.ended().ifPresent(ended -> text.append(", ended ").append(ended));
        text.append('\n');
        int width = reading.values().stream()
                .mapToInt(value -> name(value).length())
                .max()
                .orElse(0);
        for (CountersReading.Value value : inOrder()) {
            String name = name(value);
            text.append(name)
                    .append(" ".repeat(width - name.length() + 2))
                    .append(value.value())
                    .append('\n');
        }
        return text.toString();
    }

    private static String name(CountersReading.Value value) {
        return value.owner() + " " + value.name();
    }

    private List<CountersReading.Value> inOrder() {
        List<String> owners = reading.values().stream()
                .map(CountersReading.Value::owner)
                .distinct()
                .toList();
        return reading.values().stream()
                .sorted((a, b) -> Integer.compare(owners.indexOf(a.owner()), owners.indexOf(b.owner())))
                .toList();
    }

    /** One line. */
    String json() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("program", new Json.Str(reading.program()));
        members.put("pid", new Json.Num(reading.pid()));
        members.put("started", new Json.Str(reading.started().toString()));
        members.put(
                "ended",
                reading.ended().isEmpty()
                        ? Json.Null.NULL
                        : new Json.Str(reading.ended().get().toString()));
        members.put(
                "counters",
                new Json.Arr(inOrder().stream().map(CountersView::json).toList()));
        return new Json.Obj(members) + "\n";
    }

    private static Json json(CountersReading.Value value) {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("owner", new Json.Str(value.owner()));
        members.put("name", new Json.Str(value.name()));
        members.put("value", new Json.Num(value.value()));
        return new Json.Obj(members);
    }
}
