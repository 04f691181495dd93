package ringfence.option;

import java.util.ArrayList;
import java.util.List;

/** Takes a flag's value apart. See the package for the syntax. */
public final class FlagSyntax {
    private FlagSyntax() {}

    /**
     * The parts between separators that stand outside brackets and quotes, quotes kept.
     *
     * @throws OptionException where brackets or quotes are not closed
     */
    public static List<String> split(String text, char separator) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && c == '[') {
                depth++;
            } else if (!quoted && c == ']' && --depth < 0) {
                throw new OptionException("']' without '[' in " + text);
            } else if (!quoted && depth == 0 && c == separator) {
                parts.add(text.substring(start, i));
                start = i + 1;
            }
        }
        if (quoted || depth != 0) {
            throw new OptionException((quoted ? "a quote" : "'['") + " is not closed in " + text);
        }
        parts.add(text.substring(start));
        return parts;
    }

    /** The text without its quotes; a quote inside is written twice. */
    public static String unquote(String text) {
        if (text.indexOf('"') < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '"') {
                plain.append(c);
            } else if (quoted && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                plain.append('"');
                i++;
            } else {
                quoted = !quoted;
            }
        }
        return plain.toString();
    }

    /** The items of {@code [a,b]}, or of a single one without brackets. */
    public static List<String> items(String text) {
        boolean list = text.startsWith("[") && text.endsWith("]") && text.length() >= 2;
        String inner = list ? text.substring(1, text.length() - 1) : text;
        return inner.isEmpty() ? List.of() : split(inner, ',');
    }

    /** A whole number, decimal or hexadecimal with 0x. */
    public static long number(String text) {
        try {
            return text.startsWith("0x") ? Long.parseLong(text.substring(2), 16) : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new OptionException("'" + text + "' is no whole number");
        }
    }

    /** Bytes: a whole number with K, M, G or T behind it, powers of 1024, or without. */
    public static long size(String text) {
        int shift = text.isEmpty()
                ? 0
                : switch (text.charAt(text.length() - 1)) {
                    case 'K', 'k' -> 10;
                    case 'M', 'm' -> 20;
                    case 'G', 'g' -> 30;
                    case 'T', 't' -> 40;
                    default -> 0;
                };
        String digits = shift == 0 ? text : text.substring(0, text.length() - 1);
        long units;
        try {
            units = Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw new OptionException("'" + text + "' is no size, such as 512M or 4G");
        }
        if (units < 0 || units > Long.MAX_VALUE >> shift) {
            throw new OptionException("size " + text + " is out of range");
        }
        return units << shift;
    }

    /** A size as a person writes it: the largest unit that divides it. */
    public static String size(long bytes) {
        String units = "KMGT";
        for (int i = units.length(); i > 0; i--) {
            if (bytes != 0 && bytes % (1L << 10 * i) == 0) {
                return (bytes >> 10 * i) + String.valueOf(units.charAt(i - 1));
            }
        }
        return Long.toString(bytes);
    }
}
