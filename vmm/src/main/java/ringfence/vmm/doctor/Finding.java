package ringfence.vmm.doctor;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import ringfence.option.Json;

/**
 * What a check has found.
 *
 * @param name of what was looked at, without spaces
 * @param verdict how that is
 * @param found in one line
 * @param remedy what would help, and for what it is needed; empty: nothing need be done
 */
public record Finding(String name, Verdict verdict, String found, String remedy) {
    /** How something is. */
    public enum Verdict {
        /** As it should be. */
        OK,
        /** VMs run, but something that some of them want does not work. */
        WARN,
        /** No VM runs. */
        FAIL;

        /** As users see it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Finding ok(String name, String found) {
        return new Finding(name, Verdict.OK, found, "");
    }

    static Finding warn(String name, String found, String remedy) {
        return new Finding(name, Verdict.WARN, found, remedy);
    }

    static Finding fail(String name, String found, String remedy) {
        return new Finding(name, Verdict.FAIL, found, remedy);
    }

    /** One line. */
    public String line() {
        return String.format(
                Locale.ROOT, "%-4s  %-15s  %s%s", verdict.word(), name, found, remedy.isEmpty() ? "" : ": " + remedy);
    }

    /** An object. */
    public Json json() {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("name", new Json.Str(name));
        members.put("verdict", new Json.Str(verdict.word()));
        members.put("found", new Json.Str(found));
        members.put("remedy", remedy.isEmpty() ? Json.Null.NULL : new Json.Str(remedy));
        return new Json.Obj(members);
    }
}
