package ringfence.option;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON value (RFC 8259). Immutable. {@link JsonReader} makes it of text, its toString text of it. */
public sealed interface Json {
    /** Members in the order in which they were written. */
    record Obj(Map<String, Json> members) implements Json {
        /** Keeps the map that it is given, which nobody changes from then on. */
        public Obj {}

        /** A member; null of JSON where there is none. */
        public Json get(String name) {
            return members.getOrDefault(name, Null.NULL);
        }

        @Override
        public String toString() {
            return JsonWriter.compact(this);
        }
    }

    /** A list. */
    record Arr(List<Json> items) implements Json {
        /** Copies the list. */
        public Arr {
            items = List.copyOf(items);
        }

        @Override
        public String toString() {
            return JsonWriter.compact(this);
        }
    }

    /** A text. */
    record Str(String text) implements Json {
        @Override
        public String toString() {
            return JsonWriter.compact(this);
        }
    }

    /** A number, as it was written, so that no digit is lost. */
    record Num(String digits) implements Json {
        /** A whole number. */
        public Num(long value) {
            this(Long.toString(value));
        }

        @Override
        public String toString() {
            return digits;
        }
    }

    /** True or false. */
    record Bool(boolean value) implements Json {
        @Override
        public String toString() {
            return Boolean.toString(value);
        }
    }

    /** Null. */
    enum Null implements Json {
        NULL;

        @Override
        public String toString() {
            return "null";
        }
    }

    /** An object of these names and values, in turn; a name whose value is null is left out. */
    static Obj object(Object... namesAndValues) {
        Map<String, Json> members = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            if (namesAndValues[i + 1] != null) {
                members.put((String) namesAndValues[i], of(namesAndValues[i + 1]));
            }
        }
        return new Obj(members);
    }

    /** What a Java value is in JSON: text, whole number, boolean, list or JSON. */
    static Json of(Object value) {
        return switch (value) {
            case Json json -> json;
            case String text -> new Str(text);
            case Integer number -> new Num(number);
            case Long number -> new Num(number);
            case Boolean bool -> new Bool(bool);
            case List<?> list -> new Arr(list.stream().map(Json::of).toList());
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        };
    }

    /** What it is, for an error. */
    default String kind() {
        return switch (this) {
            case Obj o -> "an object";
            case Arr a -> "a list";
            case Str s -> "a text";
            case Num n -> "a number";
            case Bool b -> "a boolean";
            case Null n -> "null";
        };
    }
}
