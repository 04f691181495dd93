package ringfence.option;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/** The usual types of options. */
public final class OptionTypes {
    private static final int QUOTED = 40;

    private OptionTypes() {}

    /** A text, perhaps empty. @param what names it in the syntax, such as {@code path} */
    public static OptionType<String> text(String what) {
        return new TextType(what);
    }

    /** A switch: on or off, true or false. */
    public static OptionType<Boolean> toggle() {
        return new ToggleType();
    }

    /** A whole number of this range, both ends in. */
    public static OptionType<Integer> integer(int min, int max) {
        return new IntegerType(min, max);
    }

    /** A whole number of this range, both ends in, that may need more than an int. */
    public static OptionType<Long> number(long min, long max) {
        return new NumberType(min, max);
    }

    /** Bytes. */
    public static OptionType<Long> size() {
        return new SizeType();
    }

    /** One of an enum's constants. */
    public static <E extends Enum<E> & Choice> OptionType<E> choice(Class<E> type) {
        return new ChoiceType<>(type);
    }

    /** Such a value or none. */
    public static <V> OptionType<Optional<V>> optional(OptionType<V> type) {
        return new ComposedTypes.OptionalType<>(type);
    }

    /** A list of such values: {@code [a,b]}, or one without brackets. */
    public static <V> OptionType<List<V>> list(OptionType<V> type) {
        return new ComposedTypes.ListType<>(type);
    }

    /** A list of whole numbers of this range, with stretches: {@code [1,4-7]}. */
    public static OptionType<List<Integer>> integers(int min, int max) {
        return new IntegersType(min, max);
    }

    /** A record with a table of its own. */
    public static <R> OptionType<R> record(OptionTable<R> table) {
        return new ComposedTypes.RecordType<>(table);
    }

    /** A record with a table that is made when it is needed first. */
    public static <R> OptionType<R> laterRecord(Supplier<OptionTable<R>> table) {
        return new ComposedTypes.LaterRecordType<>(table);
    }

    /** A constant of an enum that is an option's value: its word in a flag, its name in JSON, both made from its own. */
    public interface Choice {
        /** The constant's name. */
        String name();

        /** In a flag: BYTE_RANGE is {@code byte-range}. */
        default String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** In JSON: BYTE_RANGE is {@code ByteRange}. */
        default String jsonName() {
            StringBuilder json = new StringBuilder();
            boolean first = true;
            for (int i = 0; i < name().length(); i++) {
                char letter = name().charAt(i);
                if (letter != '_') {
                    json.append(first ? letter : Character.toLowerCase(letter));
                }
                first = letter == '_';
            }
            return json.toString();
        }
    }

    static OptionException wrong(Json json, String wanted) {
        return new OptionException("is " + json.kind() + ", " + wanted + " is needed");
    }

    static long number(Json json) {
        if (!(json instanceof Json.Num num)) {
            throw wrong(json, "a whole number");
        }
        String digits = num.digits();
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            boolean whole = digits.chars().allMatch(c -> c == '-' || c >= '0' && c <= '9');
            throw new OptionException("is " + brief(digits) + (whole ? ", out of range" : ", no whole number"));
        }
    }

    /** What a message quotes of what a peer has sent. */
    private static String brief(String text) {
        return text.length() <= QUOTED ? text : text.substring(0, QUOTED) + "...";
    }

    private record TextType(String what) implements OptionType<String> {
        @Override
        public String parse(String text) {
            return text;
        }

        @Override
        public String read(Json json) {
            if (json instanceof Json.Str text) {
                return text.text();
            }
            throw wrong(json, "a text");
        }

        @Override
        public Json write(String value) {
            return new Json.Str(value);
        }

        @Override
        public String syntax() {
            return "<" + what + ">";
        }

        @Override
        public Json.Obj schema() {
            return Json.object("type", "string");
        }
    }

    private record ToggleType() implements OptionType<Boolean> {
        @Override
        public Boolean parse(String text) {
            return switch (text) {
                case "on", "true" -> true;
                case "off", "false" -> false;
                default -> throw new OptionException("'" + text + "' is neither on nor off");
            };
        }

        @Override
        public Boolean read(Json json) {
            if (json instanceof Json.Bool bool) {
                return bool.value();
            }
            throw wrong(json, "true or false");
        }

        @Override
        public Json write(Boolean value) {
            return new Json.Bool(value);
        }

        @Override
        public String syntax() {
            return "on|off";
        }

        @Override
        public Json.Obj schema() {
            return Json.object("type", "boolean");
        }

        @Override
        public String show(Boolean value) {
            return value ? "on" : "off";
        }
    }

    private record IntegerType(int min, int max) implements OptionType<Integer> {
        @Override
        public Integer parse(String text) {
            return inRange(FlagSyntax.number(text));
        }

        @Override
        public Integer read(Json json) {
            return inRange(number(json));
        }

        private int inRange(long number) {
            if (number < min || number > max) {
                throw new OptionException("is " + number + ", " + min + " to " + max + " are possible");
            }
            return (int) number;
        }

        @Override
        public Json write(Integer value) {
            return new Json.Num(value);
        }

        @Override
        public String syntax() {
            return "<" + min + "-" + max + ">";
        }

        @Override
        public Json.Obj schema() {
            return Json.object("type", "integer", "minimum", min, "maximum", max);
        }
    }

    private record NumberType(long min, long max) implements OptionType<Long> {
        @Override
        public Long parse(String text) {
            return inRange(FlagSyntax.number(text));
        }

        @Override
        public Long read(Json json) {
            return inRange(number(json));
        }

        private long inRange(long number) {
            if (number < min || number > max) {
                throw new OptionException("is " + number + ", " + min + " to " + max + " are possible");
            }
            return number;
        }

        @Override
        public Json write(Long value) {
            return new Json.Num(value);
        }

        @Override
        public String syntax() {
            return "<" + min + "-" + max + ">";
        }

        @Override
        public Json.Obj schema() {
            return Json.object("type", "integer", "format", "int64", "minimum", min, "maximum", max);
        }
    }

    private record SizeType() implements OptionType<Long> {
        @Override
        public Long parse(String text) {
            return FlagSyntax.size(text);
        }

        @Override
        public Long read(Json json) {
            long size = number(json);
            if (size < 0) {
                throw new OptionException("is " + size + ", a size is not negative");
            }
            return size;
        }

        @Override
        public Json write(Long value) {
            return new Json.Num(value);
        }

        @Override
        public String syntax() {
            return "<size>";
        }

        @Override
        public Json.Obj schema() {
            return Json.object("type", "integer", "format", "int64", "minimum", 0);
        }

        @Override
        public String show(Long value) {
            return FlagSyntax.size(value);
        }
    }

    private record ChoiceType<E extends Enum<E> & Choice>(Class<E> type) implements OptionType<E> {
        @Override
        public E parse(String text) {
            List<String> words = new ArrayList<>();
            for (E constant : type.getEnumConstants()) {
                if (constant.word().equals(text)) {
                    return constant;
                }
                words.add(constant.word());
            }
            throw new OptionException("'" + text + "' is none of " + String.join(", ", words));
        }

        @Override
        public E read(Json json) {
            List<String> names = new ArrayList<>();
            for (E constant : type.getEnumConstants()) {
                if (json instanceof Json.Str text && text.text().equals(constant.jsonName())) {
                    return constant;
                }
                names.add(constant.jsonName());
            }
            throw new OptionException("is " + brief(json.toString()) + ", none of " + String.join(", ", names));
        }

        @Override
        public Json write(E value) {
            return new Json.Str(value.jsonName());
        }

        @Override
        public String syntax() {
            List<String> words = new ArrayList<>();
            for (E constant : type.getEnumConstants()) {
                words.add(constant.word());
            }
            return String.join("|", words);
        }

        @Override
        public Json.Obj schema() {
            List<String> names = new ArrayList<>();
            for (E constant : type.getEnumConstants()) {
                names.add(constant.jsonName());
            }
            return Json.object("type", "string", "enum", names);
        }

        @Override
        public String show(E value) {
            return value.word();
        }
    }

    private record IntegersType(int min, int max) implements OptionType<List<Integer>> {
        @Override
        public List<Integer> parse(String text) {
            List<Integer> numbers = new ArrayList<>();
            for (String item : FlagSyntax.items(text)) {
                int dash = item.indexOf('-', 1);
                long first = inRange(FlagSyntax.number(dash < 0 ? item : item.substring(0, dash)));
                long last = dash < 0 ? first : inRange(FlagSyntax.number(item.substring(dash + 1)));
                if (last < first) {
                    throw new OptionException("'" + item + "' ends before it begins");
                }
                for (long number = first; number <= last; number++) {
                    numbers.add((int) number);
                }
            }
            return List.copyOf(numbers);
        }

        private long inRange(long number) {
            if (number < min || number > max) {
                throw new OptionException("holds " + number + ", " + min + " to " + max + " are possible");
            }
            return number;
        }

        @Override
        public List<Integer> read(Json json) {
            return list(integer(min, max)).read(json);
        }

        @Override
        public Json write(List<Integer> value) {
            return value.isEmpty() ? Json.Null.NULL : Json.of(value);
        }

        @Override
        public String syntax() {
            return "[<" + min + "-" + max + ">,...]";
        }

        @Override
        public Json.Obj schema() {
            return Json.object("type", "array", "items", integer(min, max).schema());
        }
    }
}
