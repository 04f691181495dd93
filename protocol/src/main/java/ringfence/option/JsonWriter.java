package ringfence.option;

import java.util.Map;

/** Writes JSON on one line. */
final class JsonWriter {
    private final StringBuilder out = new StringBuilder();

    private JsonWriter() {}

    static String compact(Json json) {
        JsonWriter writer = new JsonWriter();
        writer.write(json);
        return writer.out.toString();
    }

    private void write(Json json) {
        switch (json) {
            case Json.Obj object -> {
                char before = '{';
                for (Map.Entry<String, Json> member : object.members().entrySet()) {
                    out.append(before);
                    text(member.getKey());
                    out.append(':');
                    write(member.getValue());
                    before = ',';
                }
                out.append(before == '{' ? "{}" : "}");
            }
            case Json.Arr list -> {
                char before = '[';
                for (Json item : list.items()) {
                    out.append(before);
                    write(item);
                    before = ',';
                }
                out.append(before == '[' ? "[]" : "]");
            }
            case Json.Str text -> text(text.text());
            case Json.Num number -> out.append(number.digits());
            case Json.Bool bool -> out.append(bool.value());
            case Json.Null nothing -> out.append("null");
        }
    }

    private void text(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20 || Character.isSurrogate(c) && !paired(text, i)) {
                        escape(c);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean paired(String text, int i) {
        return Character.isHighSurrogate(text.charAt(i))
                ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }

    private void escape(char c) {
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            out.append(Character.forDigit(c >> shift & 0xF, 16));
        }
    }
}
