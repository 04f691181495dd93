package ringfence.it.style;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The table of layers in {@code docs/architecture.md}: which package may use which.
 *
 * <p>A row is {@code PACKAGE... | what it is | what it may use}; packages stand without {@code ringfence.}. {@code all}
 * means every package of the project, {@code protocol} every package of that module.
 */
final class Layers {
    private static final Map<String, String> LIBRARIES = Map.of(
            "Agrona", "org.agrona",
            "Chronicle", "net.openhft",
            "junixsocket", "org.newsclub.net.unix",
            "Log4j", "org.apache.logging.log4j",
            "picocli", "picocli",
            "HdrHistogram", "org.HdrHistogram");

    private final Map<String, Set<String>> rows = new LinkedHashMap<>();

    private Layers() {}

    static Layers read() {
        Layers layers = new Layers();
        String text = Project.read(Project.ROOT.resolve("docs/architecture.md"));
        int start = text.indexOf("```layers\n");
        int end = text.indexOf("```", start + 3);
        for (String line : text.substring(start, end).lines().toList()) {
            String[] cells = line.split("\\|", -1);
            if (cells.length == 3) {
                Set<String> uses = new TreeSet<>(Arrays.asList(cells[2].strip().split("\\s+")));
                Arrays.stream(cells[0].strip().split("\\s+")).forEach(name -> layers.rows.put(name, uses));
            }
        }
        return layers;
    }

    Set<String> packages() {
        return rows.keySet();
    }

    /** Whether the table has a row for this package ({@code ringfence.} in front). */
    boolean knows(String user) {
        return rows.containsKey(shortName(user));
    }

    /** Whether a class in package {@code user} may use {@code type}; both with {@code ringfence.} in front. */
    boolean allows(String user, String type, List<String> protocol) {
        String used = Classes.packageOf(type);
        if (used.equals(user)) {
            return true;
        }
        Set<String> uses = rows.get(shortName(user));
        if (uses.contains("all") && type.startsWith("ringfence.")) {
            return true;
        }
        if (type.startsWith("ringfence.")) {
            return uses.contains(shortName(used)) || uses.contains("protocol") && protocol.contains(used);
        }
        return LIBRARIES.entrySet().stream()
                .filter(library -> type.startsWith(library.getValue() + "."))
                .allMatch(library -> uses.contains(library.getKey()));
    }

    private static String shortName(String name) {
        return name.replaceFirst("^ringfence\\.", "");
    }
}
