package ringfence.option;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Types of options whose values hold others, and so what is unknown and what is to be described, too. */
final class ComposedTypes {
    private ComposedTypes() {}

    record OptionalType<V>(OptionType<V> type) implements OptionType<Optional<V>> {
        @Override
        public Optional<V> parse(String text) {
            return Optional.of(type.parse(text));
        }

        @Override
        public Optional<V> parseQuoted(String text) {
            return Optional.of(type.parseQuoted(text));
        }

        @Override
        public Optional<V> read(Json json) {
            return Optional.of(type.read(json));
        }

        @Override
        public void unknown(Json json, String path, List<String> found) {
            type.unknown(json, path, found);
        }

        @Override
        public Json write(Optional<V> value) {
            return value.isPresent() ? type.write(value.get()) : Json.Null.NULL;
        }

        @Override
        public String syntax() {
            return type.syntax();
        }

        @Override
        public Json.Obj schema() {
            return type.schema();
        }

        @Override
        public void schemas(Map<String, Json> found) {
            type.schemas(found);
        }
    }

    record ListType<V>(OptionType<V> type) implements OptionType<List<V>> {
        @Override
        public List<V> parse(String text) {
            List<V> values = new ArrayList<>();
            for (String item : FlagSyntax.items(text)) {
                values.add(type.parse(FlagSyntax.unquote(item)));
            }
            return List.copyOf(values);
        }

        /** The quotes are its items': a comma inside is theirs, too. */
        @Override
        public List<V> parseQuoted(String text) {
            return parse(text);
        }

        @Override
        public List<V> read(Json json) {
            if (!(json instanceof Json.Arr list)) {
                throw OptionTypes.wrong(json, "a list");
            }
            List<V> values = new ArrayList<>();
            for (Json item : list.items()) {
                try {
                    values.add(type.read(item));
                } catch (OptionException e) {
                    throw e.in("[" + values.size() + "]");
                }
            }
            return List.copyOf(values);
        }

        @Override
        public void unknown(Json json, String path, List<String> found) {
            if (json instanceof Json.Arr list) {
                for (int i = 0; i < list.items().size(); i++) {
                    type.unknown(list.items().get(i), path + '[' + i + ']', found);
                }
            }
        }

        @Override
        public Json write(List<V> value) {
            return value.isEmpty()
                    ? Json.Null.NULL
                    : new Json.Arr(value.stream().map(type::write).toList());
        }

        @Override
        public String syntax() {
            return "[" + type.syntax() + ",...]";
        }

        @Override
        public Json.Obj schema() {
            return Json.object("type", "array", "items", type.schema());
        }

        @Override
        public void schemas(Map<String, Json> found) {
            type.schemas(found);
        }
    }

    record RecordType<R>(OptionTable<R> table) implements OptionType<R> {
        @Override
        public R parse(String text) {
            return table.parse(text);
        }

        @Override
        public R read(Json json) {
            return table.read(json);
        }

        @Override
        public void unknown(Json json, String path, List<String> found) {
            if (json instanceof Json.Obj object) {
                table.unknown(object, path, found);
            }
        }

        @Override
        public Json write(R value) {
            return table.write(value);
        }

        @Override
        public String syntax() {
            return table.syntax();
        }

        @Override
        public Json.Obj schema() {
            return Json.object("$ref", "#/components/schemas/" + table.name());
        }

        @Override
        public void schemas(Map<String, Json> found) {
            table.schemas(found);
        }
    }

    record LaterRecordType<R>(Supplier<OptionTable<R>> table) implements OptionType<R> {
        @Override
        public R parse(String text) {
            return now().parse(text);
        }

        @Override
        public R read(Json json) {
            return now().read(json);
        }

        @Override
        public void unknown(Json json, String path, List<String> found) {
            now().unknown(json, path, found);
        }

        @Override
        public Json write(R value) {
            return now().write(value);
        }

        @Override
        public String syntax() {
            return now().syntax();
        }

        @Override
        public Json.Obj schema() {
            return now().schema();
        }

        @Override
        public void schemas(Map<String, Json> found) {
            now().schemas(found);
        }

        private OptionType<R> now() {
            return new RecordType<>(table.get());
        }
    }
}
