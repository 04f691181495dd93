package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.option.Json;
import ringfence.option.OptionTable;

/** The manual lists what a body must not ask for yet, as the tables have it by which bodies are read. */
class RefusedMembersTest {
    private static final Path MANUAL = Path.of("../docs/control.md");
    private static final Pattern ROW = Pattern.compile("\\| ([^|]*) \\| ([^|]*) \\|");
    private static final Pattern NAME = Pattern.compile("`([a-z0-9_]+)`");
    private static final String MACHINE = "the VM";

    private final DocumentSchemas document =
            new DocumentSchemas(ApiDocument.of("v0").toString());

    private static List<String> names(String text) {
        return NAME.matcher(text)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }

    private static Map<String, TreeSet<String>> ofManual() throws Exception {
        Map<String, TreeSet<String>> listed = new TreeMap<>();
        String text = Files.readString(MANUAL);
        String table = text.substring(text.indexOf("| member of | not yet |"));
        Matcher rows = ROW.matcher(table.substring(0, table.indexOf("\n\n")));
        while (rows.find()) {
            List<String> owners = names(rows.group(1));
            for (String owner : owners.isEmpty() ? List.of(rows.group(1)) : owners) {
                listed.computeIfAbsent(owner, _ -> new TreeSet<>()).addAll(names(rows.group(2)));
            }
        }
        listed.values().removeIf(TreeSet::isEmpty); // its head
        return listed;
    }

    private static List<String> refused(Json.Obj schema) {
        return schema.get(OptionTable.UNSUPPORTED) instanceof Json.Arr(List<Json> names)
                ? names.stream().map(name -> ((Json.Str) name).text()).toList()
                : List.of();
    }

    private Map<String, TreeSet<String>> ofTables() {
        Map<String, TreeSet<String>> refused = new TreeMap<>();
        Json.Obj machine = document.schema(document.at("components", "schemas", "VmConfig"));
        refused.put(MACHINE, new TreeSet<>(refused(machine)));
        DocumentSchemas.properties(machine).forEach((name, property) -> {
            Json.Obj schema = document.schema(property);
            List<String> found =
                    refused(schema.get("items") instanceof Json.Obj items ? document.schema(items) : schema);
            if (!found.isEmpty()) {
                refused.put(name, new TreeSet<>(found));
            }
        });
        return refused;
    }

    @Test
    void theManualListsThem() throws Exception {
        assertThat(ofManual()).isEqualTo(ofTables()).containsKeys(MACHINE, "cpus", "disks", "rng");
    }
}
