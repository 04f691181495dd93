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
    /** Of a schema: members that Cloud Hypervisor knows, and that are refused unless they ask for nothing. */
    public static final String UNSUPPORTED = "x-unsupported";

    private final String name;
    private final Function<OptionValues, R> maker;
    private final List<Option<R, ?>> options;
    private final List<Option<R, ?>> shown;
    private final List<String> required;
    private final List<String> unsupported;
    private final List<String> aliases; // old names and those that they stand for, in turns
    private final Option<R, ?> bare;

    private OptionTable(
            String name,
            Function<OptionValues, R> maker,
            List<Option<R, ?>> options,
            List<Option<R, ?>> shown,
            List<String> required,
            List<String> unsupported,
            List<String> aliases,
            Option<R, ?> bare) {
        this.name = name;
        this.maker = maker;
        this.options = options;
        this.shown = shown;
        this.required = required;
        this.unsupported = unsupported;
        this.aliases = aliases;
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
        List<Option<R, ?>> all = List.copyOf(options);
        return new OptionTable<>(name, maker, all, all, List.of(), List.of(), List.of(), null);
    }

    /** The same, where a word without a key is the value of this option, as in {@code --api-socket /path}. */
    public OptionTable<R> bare(Option<R, ?> option) {
        return new OptionTable<>(name, maker, options, shown, required, unsupported, aliases, option);
    }

    /** The same, where the options of these names have to be given. */
    public OptionTable<R> required(String... names) {
        return new OptionTable<>(name, maker, options, shown, List.of(names), unsupported, aliases, bare);
    }

    /**
     * The same, with what Cloud Hypervisor knows and we do not yet, and without which there would not be what was asked for:
     * it is refused by name, in flags and in JSON, unless it asks for nothing.
     *
     * @param keys such as {@code iommu}; {@code profile=host} where that value, Cloud Hypervisor's default, asks for nothing;
     *     {@code rtc!} where an object without members asks for something; {@code key/member} where its name in JSON is
     *     another one, {@code key/} and {@code /member} where it has a name only here or there
     */
    public OptionTable<R> unsupported(String... keys) {
        return new OptionTable<>(name, maker, options, shown, required, List.of(keys), aliases, bare);
    }

    /** The same, where {@code old} stands for the option {@code current}, in flags and in JSON, and is not told of. */
    public OptionTable<R> alias(String old, String current) {
        return new OptionTable<>(name, maker, options, shown, required, unsupported, List.of(old, current), bare);
    }

    /** The same, with options that are taken, and that nothing tells of but what was made of them. */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    public final OptionTable<R> hidden(Option<R, ?>... more) {
        List<Option<R, ?>> all = new ArrayList<>(options);
        all.addAll(List.of(more));
        return new OptionTable<>(name, maker, List.copyOf(all), shown, required, unsupported, aliases, bare);
    }

    /** The record's name. */
    public String name() {
        return name;
    }

    /** Its options, in the order of the help. */
    public List<Option<R, ?>> options() {
        return shown;
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
                if (equals >= 0) {
                    take(values, part.substring(0, equals), part.substring(equals + 1));
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

    private void take(OptionValues values, String key, String text) {
        Option<R, ?> option = flagOption(current(key));
        if (option != null) {
            take(values, option, text);
            return;
        }
        for (String entry : unsupported) {
            MissingKey missing = MissingKey.of(entry);
            if (!key.isEmpty() && missing.key().equals(key)) {
                if (missing.asksForSomething(text)) {
                    throw new OptionException("key '" + key + "' is not supported yet: leave it out");
                }
                return;
            }
        }
        throw new OptionException("unknown key '" + key + "'" + Nearest.hint(key, keys()));
    }

    /** What an old name stands for; any other stands for itself. */
    private String current(String key) {
        return !aliases.isEmpty() && aliases.getFirst().equals(key) ? aliases.getLast() : key;
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
        for (Option<R, ?> option : shown) {
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
        return null;
    }

    /** The record of a JSON object; members that no option knows are ignored, as Cloud Hypervisor ignores them. */
    public R read(Json json) {
        if (!(json instanceof Json.Obj object)) {
            throw OptionTypes.wrong(json, "an object");
        }
        OptionValues values = new OptionValues(options);
        for (Option<R, ?> option : options) {
            Json member = member(object, option);
            if (member != Json.Null.NULL) {
                take(values, option, member);
            } else if (required.contains(option.field())) {
                throw new OptionException("lacks " + option.field());
            }
        }
        for (String entry : unsupported) {
            MissingKey missing = MissingKey.of(entry);
            Json value = object.get(missing.field());
            if (!missing.field().isEmpty() && value != Json.Null.NULL && missing.asksForSomething(value)) {
                throw new OptionException("is not supported yet: leave it out").in(missing.field());
            }
        }
        return maker.apply(values);
    }

    private Json member(Json.Obj object, Option<R, ?> option) {
        if (option.field().isEmpty()) {
            return Json.Null.NULL;
        }
        Json member = object.get(option.field());
        return member == Json.Null.NULL
                        && !aliases.isEmpty()
                        && aliases.getLast().equals(option.field())
                ? object.get(aliases.getFirst())
                : member;
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
     * whose value is null, false, empty or made of such ask for nothing, and are left out.
     */
    public List<String> unknown(Json.Obj object) {
        List<String> unknown = new ArrayList<>();
        unknown(object, "", unknown);
        return unknown;
    }

    void unknown(Json.Obj object, String path, List<String> found) {
        String prefix = path.isEmpty() ? "" : path + '.';
        for (Map.Entry<String, Json> member : object.members().entrySet()) {
            Option<R, ?> option = fieldOption(current(member.getKey()));
            if (option == null) {
                if (!isMissing(member.getKey()) && MissingKey.ANY.asksForSomething(member.getValue())) {
                    found.add(prefix + member.getKey());
                }
            } else {
                option.type().unknown(member.getValue(), prefix + member.getKey(), found);
            }
        }
    }

    /** Whether it is known, if only to be refused: that is {@link #read}'s. */
    private boolean isMissing(String field) {
        return missingFields().contains(field);
    }

    private List<String> missingFields() {
        return unsupported.stream()
                .map(entry -> MissingKey.of(entry).field())
                .filter(field -> !field.isEmpty())
                .toList();
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
        for (Option<R, ?> option : shown) {
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
        for (Option<R, ?> option : shown) {
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

    /**
     * The JSON schema of the record, as OpenAPI has it under components/schemas; what is refused is listed as {@value
     * #UNSUPPORTED}.
     */
    public Json.Obj schema() {
        Map<String, Json> properties = new LinkedHashMap<>();
        for (Option<R, ?> option : shown) {
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
        List<String> missing = missingFields();
        if (!missing.isEmpty()) {
            schema.put(UNSUPPORTED, Json.of(missing));
        }
        return new Json.Obj(schema);
    }

    /**
     * Adds its schema under its name, and those of the records that it holds; what is there already stays.
     *
     * @param found schemas by their names, as under components/schemas
     */
    public void schemas(Map<String, Json> found) {
        if (found.putIfAbsent(name, schema()) == null) {
            for (Option<R, ?> option : shown) {
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
