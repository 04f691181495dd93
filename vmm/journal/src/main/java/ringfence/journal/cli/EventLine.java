package ringfence.journal.cli;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import ringfence.journal.JournalEvent;
import ringfence.option.Json;

/** An event as a line of JSON: the members of {@code --event-monitor}'s, and before them when it was, and of which VM. */
final class EventLine {
    private EventLine() {}

    static String of(String vm, JournalEvent event) {
        return line(vm, event, event.source(), event.name(), event.properties());
    }

    /** That events before this one are missing. */
    static String lost(String vm, JournalEvent event) {
        return line(
                vm,
                event,
                JournalEvent.OURS,
                JournalEvent.LOST,
                Map.of("count", Long.toString(event.lostBefore())));
    }

    private static String line(
            String vm, JournalEvent event, String source, String name, Map<String, String> properties) {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("time", new Json.Str(Instant.ofEpochMilli(event.millis()).toString()));
        members.put("vm", new Json.Str(vm));
        long nanos = Math.max(0, event.nanos());
        members.put("timestamp", new Json.Obj(timestamp(nanos)));
        members.put("source", text(source));
        members.put("event", text(name));
        members.put("properties", properties.isEmpty() ? Json.Null.NULL : new Json.Obj(texts(properties)));
        return new Json.Obj(members).toString();
    }

    private static Map<String, Json> timestamp(long nanos) {
        Map<String, Json> parts = new LinkedHashMap<>();
        parts.put("secs", new Json.Num(TimeUnit.NANOSECONDS.toSeconds(nanos)));
        parts.put("nanos", new Json.Num(nanos % TimeUnit.SECONDS.toNanos(1)));
        return parts;
    }

    private static Map<String, Json> texts(Map<String, String> properties) {
        Map<String, Json> texts = new TreeMap<>();
        properties.forEach((key, value) -> texts.put(plain(key), text(value)));
        return texts;
    }

    private static Json text(String text) {
        return new Json.Str(plain(text));
    }

    /** It may go to a terminal: nothing that directs one is left. */
    private static String plain(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            int type = Character.getType(c);
            plain.appendCodePoint(
                    type == Character.CONTROL ? ' ' : type == Character.SURROGATE || type == Character.FORMAT ? '?' : c);
        });
        return plain.toString();
    }
}
