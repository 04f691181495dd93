package ringfence.option;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON (RFC 8259), strictly, from a peer that is not trusted: nesting is limited to {@value #MAX_DEPTH}, a name
 * that occurs twice in an object is refused (two readers would take different ones), and so is text after the value.
 * A value has at most {@value #MAX_VALUES} others in it. The caller limits the length.
 */
public final class JsonReader {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_VALUES = 1 << 16;
    private static final int PATH_QUOTED = 200;

    private final String text;
    private final ArrayDeque<String> path = new ArrayDeque<>(); // of the value that is being read
    private int at;
    private int values;

    private JsonReader(String text) {
        this.text = text;
    }

    /**
     * The value that a text stands for.
     *
     * @throws OptionException if it is no JSON; the line says at which character, and inside which member
     */
    public static Json read(String text) {
        JsonReader reader = new JsonReader(text);
        Json value = reader.value(0);
        reader.space();
        if (reader.at < text.length()) {
            throw reader.error("text after the value");
        }
        return value;
    }

    private OptionException error(String what) {
        String where = String.join("", path);
        where = where.startsWith(".") ? where.substring(1) : where;
        where = where.length() <= PATH_QUOTED ? where : where.substring(0, PATH_QUOTED) + "...";
        String inside = where.isEmpty() ? "" : " in " + where;
        return new OptionException("not JSON: " + what + inside + " at character " + (at + 1));
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() {
        if (at >= text.length()) {
            throw error("it ends too early");
        }
        return text.charAt(at);
    }

    private boolean take(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        space();
        if (!take(c)) {
            throw error("no '" + c + "'");
        }
    }

    private Json value(int depth) {
        if (depth > MAX_DEPTH) {
            throw error("nested deeper than " + MAX_DEPTH);
        }
        if (++values > MAX_VALUES) {
            throw error("more than " + MAX_VALUES + " values");
        }
        space();
        return switch (peek()) {
            case '{' -> object(depth);
            case '[' -> list(depth);
            case '"' -> new Json.Str(string());
            case 't' -> word("true", new Json.Bool(true));
            case 'f' -> word("false", new Json.Bool(false));
            case 'n' -> word("null", Json.Null.NULL);
            default -> number();
        };
    }

    private Json word(String word, Json meaning) {
        if (!text.startsWith(word, at)) {
            throw error("an unknown word");
        }
        at += word.length();
        return meaning;
    }

    private Json object(int depth) {
        expect('{');
        Map<String, Json> members = new LinkedHashMap<>();
        space();
        if (take('}')) {
            return new Json.Obj(members);
        }
        do {
            space();
            if (peek() != '"') {
                throw error("no name");
            }
            String name = string();
            expect(':');
            path.addLast('.' + name);
            if (members.containsKey(name)) {
                throw error("a name for the second time");
            }
            members.put(name, value(depth + 1));
            space();
            path.removeLast();
        } while (take(','));
        expect('}');
        return new Json.Obj(members);
    }

    private Json list(int depth) {
        expect('[');
        List<Json> items = new ArrayList<>();
        space();
        if (take(']')) {
            return new Json.Arr(items);
        }
        do {
            path.addLast("[" + items.size() + ']');
            items.add(value(depth + 1));
            space();
            path.removeLast();
        } while (take(','));
        expect(']');
        return new Json.Arr(items);
    }

    private String string() {
        at++;
        StringBuilder string = new StringBuilder();
        while (true) {
            char c = peek();
            at++;
            if (c == '"') {
                return string.toString();
            }
            if (c < 0x20) {
                throw error("a control character inside a text");
            }
            string.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        char c = peek();
        at++;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(peek(), 16);
                    if (digit < 0 || peek() > 'f') {
                        throw error("no hexadecimal digit");
                    }
                    code = code << 4 | digit;
                    at++;
                }
                yield (char) code;
            }
            default -> throw error("an unknown escape");
        };
    }

    private Json number() {
        int start = at;
        take('-');
        if (!take('0')) {
            digits();
        }
        if (take('.')) {
            digits();
        }
        if (take('e') || take('E')) {
            if (!take('+')) {
                take('-');
            }
            digits();
        }
        return new Json.Num(text.substring(start, at));
    }

    private void digits() {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == start) {
            throw error("no value");
        }
    }
}
