package ringfence.option;

import java.util.function.Function;

/**
 * One option of a configuration record. Immutable.
 *
 * @param key its key in a flag, such as {@code boot}; empty: JSON only
 * @param field its name in JSON, such as {@code boot_vcpus}; empty: flag only
 * @param type what values it may have
 * @param otherwise its value where nothing is said
 * @param value how it is read from the record
 * @param help one line for a person
 * @param <R> the record
 * @param <V> its values
 */
public record Option<R, V>(
        String key, String field, OptionType<V> type, V otherwise, Function<R, V> value, String help) {
    /** An option with the same name in a flag and in JSON. */
    public static <R, V> Option<R, V> of(
            String name, OptionType<V> type, V otherwise, Function<R, V> value, String help) {
        return new Option<>(name, name, type, otherwise, value, help);
    }

    /** An option whose name in JSON is another one. */
    public static <R, V> Option<R, V> of(
            String key, String field, OptionType<V> type, V otherwise, Function<R, V> value, String help) {
        return new Option<>(key, field, type, otherwise, value, help);
    }

    Json write(R object) {
        return type.write(value.apply(object));
    }
}
