package ringfence.option;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON (RFC 8259), strictly, from a peer that is not trusted: nesting is limited to {@value #MAX_DEPTH}, a name
 * that occurs twice in an object is refused (two readers would take different ones), and so is text after the value.
 * The caller limits the length.
 */
public final class JsonReader {
    private static final int MAX_DEPTH = 64;

    private final String text;
    private int at;

    private JsonReader(String text) {
        this.text = text;
    }

    /**
     * The value that a text stands for.
     *
     * @throws OptionException if it is no JSON; the line says at which character
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
        return new OptionException("not JSON: " + what + " at character " + (at + 1));
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
            if (members.putIfAbsent(name, value(depth + 1)) != null) {
                throw error("'" + name + "' for the second time");
            }
            space();
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
            items.add(value(depth + 1));
            space();
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
