package ringfence.option;

import java.util.List;
import java.util.Map;

/**
 * What values an option may have, and how they are written in a flag and in JSON. Immutable. The usual ones are in
 * {@link OptionTypes}; a record with a syntax of its own, such as {@code [0@[1,2]]}, brings its own.
 *
 * @param <V> the Java type of the values
 */
public interface OptionType<V> {
    /** The value of a flag's text, without its quotes. @throws OptionException says what is wrong with it */
    V parse(String text);

    /** The value of a flag's text as it is written, quotes and all. @throws OptionException says what is wrong with it */
    default V parseQuoted(String text) {
        return parse(FlagSyntax.unquote(text));
    }

    /** The value of a JSON value, which is not null. @throws OptionException says what is wrong with it */
    V read(Json json);

    /** The JSON value of a value; null of JSON: it is left out. */
    Json write(V value);

    /** What may be written in a flag, such as {@code on|off} or {@code <size>}. */
    String syntax();

    /** A JSON schema of it, as OpenAPI has them. */
    Json.Obj schema();

    /** Adds the schemas that its own refers to, by their names. Only records have such, and what holds them. */
    default void schemas(Map<String, Json> found) {}

    /**
     * Tells which members of a JSON value it does not know. Only records have such, and what holds them.
     *
     * @param path of the value, such as {@code disks[0]}
     * @param found paths are added to it
     */
    default void unknown(Json json, String path, List<String> found) {}

    /** How a default is shown; empty: not at all. */
    default String show(V value) {
        return switch (write(value)) {
            case Json.Str text -> text.text();
            case Json.Null nothing -> "";
            case Json json -> json.toString();
        };
    }
}
