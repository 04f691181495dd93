package ringfence.vmm.event;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Events as Cloud Hypervisor writes them: a JSON object over several lines, indented by two blanks, and an empty line
 * behind it. Source, name and properties of what it has, too, are its own.
 *
 * <p>Stricter than JSON asks for, since readers are less than strict: libvirt finds the end of an object by counting braces,
 * also those in texts, and parsers differ on control characters and on halves of surrogate pairs. So none of these is
 * in a text. An object has at most {@link #MAX_BYTES}, so that a pipe takes it whole or not at all (PIPE_BUF).
 */
final class EventText {
    /** Of one event, the empty line included. */
    static final int MAX_BYTES = 4096;

    private static final int LONGEST_VALUE = 1024;

    private EventText() {}

    /** The bytes of an event. @param nanos since the start of the stream, not negative */
    static byte[] of(long nanos, Event event) {
        EventForm form = event.form();
        for (int longest = LONGEST_VALUE; ; longest /= 2) {
            byte[] bytes = text(nanos, form, longest).getBytes(StandardCharsets.UTF_8);
            if (bytes.length <= MAX_BYTES) {
                return bytes;
            }
        }
    }

    private static String text(long nanos, EventForm form, int longest) {
        StringBuilder out = new StringBuilder(256)
                .append("{\n  \"timestamp\": {\n    \"secs\": ")
                .append(TimeUnit.NANOSECONDS.toSeconds(nanos))
                .append(",\n    \"nanos\": ")
                .append(nanos % TimeUnit.SECONDS.toNanos(1))
                .append("\n  },\n  \"source\": \"")
                .append(form.source())
                .append("\",\n  \"event\": \"")
                .append(form.name())
                .append("\",\n  \"properties\": ");
        if (form.properties().isEmpty()) {
            return out.append("null\n}\n\n").toString();
        }
        String before = "{\n    \"";
        SortedMap<String, String> properties = new TreeMap<>();
        for (int i = 0; i < form.properties().size(); i += 2) {
            properties.put(form.properties().get(i), form.properties().get(i + 1));
        }
        for (Map.Entry<String, String> property : properties.entrySet()) {
            out.append(before).append(property.getKey()).append("\": \"");
            value(out, cut(property.getValue(), longest));
            out.append('"');
            before = ",\n    \"";
        }
        return out.append("\n  }\n}\n\n").toString();
    }

    private static String cut(String text, int longest) {
        if (text.length() <= longest) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(longest - 1)) ? longest - 1 : longest;
        return text.substring(0, end) + "...";
    }

    private static void value(StringBuilder out, String text) {
        text.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c == '{' || c == '}') {
                out.append("\\u00").append(Integer.toHexString(c));
            } else if (Character.isISOControl(c)) {
                out.append(' ');
            } else if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) { // half of a pair
                out.append('?');
            } else {
                out.appendCodePoint(c);
            }
        });
    }
}
