package ringfence.vmm.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What was written on a command line, by flag. Filled by a reader, then only read. */
final class Arguments {
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    void add(Flag flag, String value) {
        values.computeIfAbsent(flag.name(), name -> new ArrayList<>()).add(value);
    }

    /** Whether a flag was given. */
    boolean has(String name) {
        return values.containsKey(name);
    }

    /** How often. */
    int count(String name) {
        return values.getOrDefault(name, List.of()).size();
    }

    /** Its value. */
    Optional<String> value(String name) {
        return has(name) ? Optional.of(values.get(name).getLast()) : Optional.empty();
    }

    /** All its values. */
    List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }
}
