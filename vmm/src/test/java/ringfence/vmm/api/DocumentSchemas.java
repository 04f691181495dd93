package ringfence.vmm.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import ringfence.option.Json;
import ringfence.option.JsonReader;

/** The API's document as a client sees it, and bodies that it makes of the document alone. */
final class DocumentSchemas {
    /** Texts that have a form of their own. */
    private static final Map<String, String> TEXTS =
            Map.of("mac", "52:54:00:00:00:01", "host_mac", "52:54:00:00:00:02", "ip", "10.0.0.1", "mask", "255.0.0.0");

    final Json.Obj document;

    DocumentSchemas(String text) {
        document = (Json.Obj) JsonReader.read(text);
    }

    /** What is at this path. */
    Json at(String... path) {
        Json json = document;
        for (String name : path) {
            json = ((Json.Obj) json).get(name);
        }
        return json;
    }

    /** A schema, or the one that it refers to. */
    Json.Obj schema(Json schema) {
        Json.Obj object = (Json.Obj) schema;
        return object.get("$ref") instanceof Json.Str(String reference)
                ? schema(at(reference.substring(2).split("/", -1)))
                : object;
    }

    static String word(Json.Obj schema, String member) {
        return ((Json.Str) schema.get(member)).text();
    }

    static List<String> required(Json.Obj schema) {
        return schema.get("required") instanceof Json.Arr(List<Json> names)
                ? names.stream().map(name -> ((Json.Str) name).text()).toList()
                : List.of();
    }

    static Map<String, Json> properties(Json.Obj schema) {
        return schema.get("properties") instanceof Json.Obj(Map<String, Json> members) ? members : Map.of();
    }

    /** The shortest value. */
    Json sample(String name, Json reference) {
        Json.Obj schema = schema(reference);
        return switch (word(schema, "type")) {
            case "object" -> {
                Map<String, Json> members = new LinkedHashMap<>();
                required(schema)
                        .forEach(member -> members.put(
                                member, sample(member, properties(schema).get(member))));
                yield new Json.Obj(members);
            }
            case "array" -> new Json.Arr(List.of(sample(name, schema.get("items"))));
            case "string" ->
                schema.get("enum") instanceof Json.Arr(List<Json> words)
                        ? words.getFirst()
                        : new Json.Str(TEXTS.getOrDefault(name, "x"));
            case "integer" -> schema.get("minimum") instanceof Json.Num minimum ? minimum : new Json.Num(1);
            case "boolean" -> new Json.Bool(false);
            default -> throw new AssertionError(name + " " + schema);
        };
    }

    /** Values that this schema does not allow. */
    List<Json> wrong(Json reference) {
        Json.Obj schema = schema(reference);
        List<Json> wrong = new ArrayList<>();
        switch (word(schema, "type")) {
            case "object", "array" -> wrong.add(new Json.Str("x"));
            case "boolean" -> wrong.add(new Json.Num(1));
            case "string" -> {
                wrong.add(new Json.Num(1));
                if (schema.get("enum") instanceof Json.Arr) {
                    wrong.add(new Json.Str("Nonsense"));
                }
            }
            default -> {
                wrong.add(new Json.Str("1"));
                edge(schema, "minimum", -1, wrong);
                edge(schema, "maximum", 1, wrong);
            }
        }
        return wrong;
    }

    private static void edge(Json.Obj schema, String member, int beyond, List<Json> wrong) {
        if (schema.get(member) instanceof Json.Num(String digits)) {
            wrong.add(new Json.Num(Long.parseLong(digits) + beyond));
        }
    }

    /** Values that this schema allows, where few are possible or there is an edge. */
    List<Json> right(String name, Json reference) {
        Json.Obj schema = schema(reference);
        List<Json> right = new ArrayList<>(List.of(sample(name, reference)));
        if (schema.get("enum") instanceof Json.Arr(List<Json> words)) {
            right.addAll(words);
        }
        if (schema.get("maximum") instanceof Json.Num maximum) {
            right.add(maximum);
        }
        return right;
    }

    /** Makes a body of a value for the one member that matters. */
    interface Around {
        Json body(Json member);
    }

    /** One member or item somewhere in a body: its path as messages have it, its schema, and the body around it. */
    record Member(String path, String name, Json schema, boolean required, Around around) {}

    /** All members of a body, those of inner objects too. */
    void members(Json reference, BiConsumer<Member, Json.Obj> each) {
        members("", reference, member -> member, each);
    }

    private void members(String path, Json reference, Around around, BiConsumer<Member, Json.Obj> each) {
        Json.Obj schema = schema(reference);
        Json.Obj rest = (Json.Obj) sample("", schema);
        properties(schema).forEach((name, property) -> {
            Around with = value -> {
                Map<String, Json> members = new LinkedHashMap<>(rest.members());
                members.put(name, value);
                return around.body(new Json.Obj(members));
            };
            String here = path.isEmpty() ? name : path + "." + name;
            each.accept(new Member(here, name, property, required(schema).contains(name), with), schema(property));
            Json.Obj inner = schema(property);
            if (word(inner, "type").equals("array")) {
                Json items = inner.get("items");
                Around inList = item -> with.body(new Json.Arr(List.of(item)));
                each.accept(new Member(here, name, items, true, inList), schema(items));
                inner(here + "[0]", items, inList, each);
            } else {
                inner(here, property, with, each);
            }
        });
    }

    private void inner(String path, Json reference, Around around, BiConsumer<Member, Json.Obj> each) {
        if (word(schema(reference), "type").equals("object")) {
            members(path, reference, around, each);
        }
    }
}
