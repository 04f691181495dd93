package ringfence.option;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The options of one configuration record: its flag syntax, JSON, help and schema. Immutable; any thread.
 *
 * @param <R> the record
 */
public final class OptionTable<R> {
    private final String name;
    private final Function<OptionValues, R> maker;
    private final List<Option<R, ?>> options;
    private final List<String> required;
    private final List<String> unsupported;
    private final List<String> refused;
    private final Option<R, ?> bare;

    private OptionTable(
            String name,
            Function<OptionValues, R> maker,
            List<Option<R, ?>> options,
            List<String> required,
            List<String> unsupported,
            List<String> refused,
            Option<R, ?> bare) {
        this.name = name;
        this.maker = maker;
        this.options = options;
        this.required = required;
        this.unsupported = unsupported;
        this.refused = refused;
        this.bare = bare;
    }

    /**
     * A table.
     *
     * @param name of the record, as a schema has it
     * @param maker makes the record of its values
     */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public static <R> OptionTable<R> of(String name, Function<OptionValues, R> maker, Option<R, ?>... options) {
        return of(name, maker, List.of(options));
    }

    /** The same, of options that were gathered. */
    public static <R> OptionTable<R> of(
            String name, Function<OptionValues, R> maker, List<? extends Option<R, ?>> options) {
        return new OptionTable<>(name, maker, List.copyOf(options), List.of(), List.of(), List.of(), null);
    }

    /** The same, where a word without a key is the value of this option, as in {@code --api-socket /path}. */
    public OptionTable<R> bare(Option<R, ?> option) {
        return new OptionTable<>(name, maker, options, required, unsupported, refused, option);
    }

    /** The same, where the options of these names have to be given. */
    public OptionTable<R> required(String... names) {
        return new OptionTable<>(name, maker, options, List.of(names), unsupported, refused, bare);
    }

    /** The same, with keys that Cloud Hypervisor knows and we do not yet: they are refused by name, unless they are off. */
    public OptionTable<R> unsupported(String... keys) {
        return new OptionTable<>(name, maker, options, required, List.of(keys), refused, bare);
    }

    /**
     * The same, with members of a JSON object that Cloud Hypervisor knows and we do not yet, and without which the VM would not be
     * what was asked for: they are refused, unless they ask for nothing.
     */
    public OptionTable<R> refused(String... members) {
        return new OptionTable<>(name, maker, options, required, unsupported, List.of(members), bare);
    }

    /** The record's name. */
    public String name() {
        return name;
    }

    /** Its options, in the order of the help. */
    public List<Option<R, ?>> options() {
        return options;
    }

    /** What a flag that was not given stands for. */
    public R defaults() {
        return maker.apply(new OptionValues(options));
    }

    /**
     * The record of a flag's value.
     *
     * @throws OptionException one line; the caller puts the flag's name before it with {@link OptionException#within}
     */
    public R parse(String text) {
        OptionValues values = new OptionValues(options);
        if (!text.isEmpty()) {
            for (String part : FlagSyntax.split(text, ',')) {
                int equals = part.indexOf('=');
                if (equals >= 0 && isDeclined(part.substring(0, equals), part.substring(equals + 1))) {
                    continue;
                } else if (equals >= 0) {
                    take(values, flagOption(part.substring(0, equals)), part.substring(equals + 1));
                } else if (bare != null) {
                    take(values, bare, part);
                } else {
                    throw new OptionException(
                            "'" + part + "' has no value: write key=value, of " + String.join(", ", keys()));
                }
            }
        }
        for (Option<R, ?> option : options) {
            if (required.contains(option.field()) && !values.isSaid(option)) {
                throw new OptionException("lacks " + option.key() + ": give " + option.key() + "="
                        + option.type().syntax());
            }
        }
        return maker.apply(values);
    }

    /** What is not there is not wanted either, as a script says that lists all keys. */
    private boolean isDeclined(String key, String value) {
        return unsupported.contains(key) && (value.equals("off") || value.equals("false"));
    }

    private static <V> void take(OptionValues values, Option<?, V> option, String text) {
        try {
            values.set(option, option.type().parseQuoted(text));
        } catch (OptionException e) {
            throw e.within(option.key() + ":");
        }
    }

    private List<String> keys() {
        List<String> keys = new ArrayList<>();
        for (Option<R, ?> option : options) {
            if (!option.key().isEmpty()) {
                keys.add(option.key());
            }
        }
        return keys;
    }

    private Option<R, ?> flagOption(String key) {
        for (Option<R, ?> option : options) {
            if (option.key().equals(key)) {
                return option;
            }
        }
        if (unsupported.contains(key)) {
            throw new OptionException("key '" + key + "' is not supported yet: leave it out");
        }
        throw new OptionException("unknown key '" + key + "'" + Nearest.hint(key, keys()));
    }

    /** The record of a JSON object; members that no option knows are ignored, as Cloud Hypervisor ignores them. */
    public R read(Json json) {
        if (!(json instanceof Json.Obj object)) {
            throw OptionTypes.wrong(json, "an object");
        }
        OptionValues values = new OptionValues(options);
        for (Option<R, ?> option : options) {
            Json member = option.field().isEmpty() ? Json.Null.NULL : object.get(option.field());
            if (member != Json.Null.NULL) {
                take(values, option, member);
            } else if (required.contains(option.field())) {
                throw new OptionException("lacks " + option.field());
            }
        }
        for (String member : refused) {
            Json value = object.get(member);
            if (value != Json.Null.NULL && asksForSomething(value)) {
                throw new OptionException("is not supported yet: leave it out").in(member);
            }
        }
        return maker.apply(values);
    }

    /** An empty list is none, where nothing said means an empty list: generated clients write one. */
    private static <V> void take(OptionValues values, Option<?, V> option, Json json) {
        try {
            V value = option.type().read(json);
            if (!value.equals(List.of()) || !value.equals(option.otherwise())) {
                values.set(option, value);
            }
        } catch (OptionException e) {
            throw e.in(option.field());
        }
    }

    /**
     * Paths in a JSON object that no option knows, such as {@code disks[0].colour}, for a caller that wants to tell; those
     * whose value is null or false ask for nothing, and are left out.
     */
    public List<String> unknown(Json.Obj object) {
        List<String> unknown = new ArrayList<>();
        unknown(object, "", unknown);
        return unknown;
    }

    void unknown(Json.Obj object, String path, List<String> found) {
        String prefix = path.isEmpty() ? "" : path + '.';
        for (Map.Entry<String, Json> member : object.members().entrySet()) {
            Option<R, ?> option = fieldOption(member.getKey());
            if (option == null) {
                if (isWanted(member.getValue())) {
                    found.add(prefix + member.getKey());
                }
            } else {
                option.type().unknown(member.getValue(), prefix + member.getKey(), found);
            }
        }
    }

    /** Generated clients write null and false for what they do not want. */
    private static boolean isWanted(Json value) {
        return value != Json.Null.NULL && !(value instanceof Json.Bool(boolean wanted) && !wanted);
    }

    /** Whether anything is wanted in it: what is empty, or has only what is not wanted, asks for nothing. */
    private static boolean asksForSomething(Json value) {
        return switch (value) {
            case Json.Arr(List<Json> items) -> !items.isEmpty();
            case Json.Obj(Map<String, Json> members) ->
                members.values().stream().anyMatch(OptionTable::asksForSomething);
            case Json.Str(String text) -> !text.isEmpty();
            default -> isWanted(value);
        };
    }

    private Option<R, ?> fieldOption(String field) {
        for (Option<R, ?> option : options) {
            if (!field.isEmpty() && option.field().equals(field)) {
                return option;
            }
        }
        return null;
    }

    /** The JSON object of a record. Absent optional values and empty lists are left out. */
    public Json.Obj write(R object) {
        Map<String, Json> members = new LinkedHashMap<>();
        for (Option<R, ?> option : options) {
            Json value = option.field().isEmpty() ? Json.Null.NULL : option.write(object);
            if (value != Json.Null.NULL) {
                members.put(option.field(), value);
            }
        }
        return new Json.Obj(members);
    }

    /** One line of what may be written, such as {@code boot=<1-8192>,max=<1-8192>}. */
    public String syntax() {
        List<String> parts = new ArrayList<>();
        for (Option<R, ?> option : options) {
            if (isSame(option, bare)) {
                parts.add(option.type().syntax());
            } else if (!option.key().isEmpty()) {
                parts.add(option.key() + "=" + option.type().syntax());
            }
        }
        return String.join(",", parts);
    }

    @SuppressWarnings("ReferenceEquality") // see OptionValues
    private static boolean isSame(Option<?, ?> a, Option<?, ?> b) {
        return a == b;
    }

    /** One line per key: what it is, and its default. */
    public List<String> help() {
        List<String> lines = new ArrayList<>();
        for (Option<R, ?> option : options) {
            if (!option.key().isEmpty()) {
                lines.add(line(option));
            }
        }
        return lines;
    }

    private static <V> String line(Option<?, V> option) {
        String otherwise = option.type().show(option.otherwise());
        return option.key() + "=" + option.type().syntax() + "  " + option.help()
                + (otherwise.isEmpty() ? "" : " (" + otherwise + ")");
    }

    /** The JSON schema of the record, as OpenAPI has it under components/schemas. */
    public Json.Obj schema() {
        Map<String, Json> properties = new LinkedHashMap<>();
        for (Option<R, ?> option : options) {
            if (!option.field().isEmpty()) {
                properties.put(option.field(), property(option));
            }
        }
        Map<String, Json> schema = new LinkedHashMap<>();
        schema.put("type", new Json.Str("object"));
        if (!required.isEmpty()) {
            schema.put("required", Json.of(required));
        }
        schema.put("properties", new Json.Obj(properties));
        return new Json.Obj(schema);
    }

    /**
     * Adds its schema under its name, and those of the records that it holds; what is there already stays.
     *
     * @param found schemas by their names, as under components/schemas
     */
    public void schemas(Map<String, Json> found) {
        if (found.putIfAbsent(name, schema()) == null) {
            for (Option<R, ?> option : options) {
                if (!option.field().isEmpty()) {
                    option.type().schemas(found);
                }
            }
        }
    }

    private <V> Json property(Option<?, V> option) {
        Json.Obj schema = option.type().schema();
        if (schema.members().containsKey("$ref")) {
            return schema; // OpenAPI 3.0, Reference Object: nothing may stand beside it
        }
        Map<String, Json> property = new LinkedHashMap<>(schema.members());
        Json otherwise = option.type().write(option.otherwise());
        if (otherwise != Json.Null.NULL && !required.contains(option.field())) {
            property.put("default", otherwise);
        }
        if (!option.help().isEmpty()) {
            property.put("description", new Json.Str(option.help()));
        }
        return new Json.Obj(property);
    }
}
