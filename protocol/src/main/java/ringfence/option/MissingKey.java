package ringfence.option;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A key that Cloud Hypervisor knows and we do not have yet, and how it asks for nothing. What is off, null or empty never
 * asks for anything. Immutable.
 *
 * @param key its name in a flag; empty: none
 * @param field its name in JSON; empty: none
 * @param neutral Cloud Hypervisor's default, in small letters, a switch as {@code on}, which asks for nothing either; empty:
 *     there is none
 * @param present whether an object without members asks for something, as that of a device does
 */
record MissingKey(String key, String field, String neutral, boolean present) {
    /** What is asked of a key that nobody knows. */
    static final MissingKey ANY = new MissingKey("", "", "", false);

    /** As {@link OptionTable#unsupported} has it. */
    static MissingKey of(String text) {
        boolean present = text.endsWith("!");
        int equals = text.indexOf('=');
        String names = equals >= 0 ? text.substring(0, equals) : text.substring(0, text.length() - (present ? 1 : 0));
        int slash = names.indexOf('/');
        return new MissingKey(
                slash < 0 ? names : names.substring(0, slash),
                slash < 0 ? names : names.substring(slash + 1),
                equals < 0 ? "" : text.substring(equals + 1),
                present);
    }

    /** Whether that value in a flag asks for something. */
    boolean asksForSomething(String text) {
        String value = FlagSyntax.unquote(text);
        return !value.isEmpty() && !value.equals("[]") && !isNeutral(value.toLowerCase(Locale.ROOT));
    }

    /** Whether that value in JSON does. */
    boolean asksForSomething(Json json) {
        return switch (json) {
            case Json.Null nothing -> false;
            case Json.Bool(boolean on) -> !isNeutral(on ? "true" : "false");
            case Json.Num(String digits) -> !isNeutral(digits);
            case Json.Str(String text) -> !text.isEmpty() && !isNeutral(text.toLowerCase(Locale.ROOT));
            case Json.Arr(List<Json> items) -> !items.isEmpty();
            case Json.Obj(Map<String, Json> members) ->
                present || members.values().stream().anyMatch(this::asksForSomething);
        };
    }

    private boolean isNeutral(String word) {
        return switch (word) {
            case "off", "false" -> true;
            case "on", "true" -> neutral.equals("on");
            default -> word.equals(neutral);
        };
    }
}
