package ringfence.it.style;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** docs/architecture.md, "Layers": dependencies point downwards only. */
class LayersTest {
    /** Owned descriptors and errors cross every layer. */
    private static final Set<String> EVERYWHERE = Set.of(
            "ringfence.linux.Fd",
            "ringfence.linux.EventFd",
            "ringfence.linux.Errno",
            "ringfence.linux.ErrnoException",
            "ringfence.linux.Linux");

    private final Layers layers = Layers.read();
    private final List<Classes> classes =
            Project.classes().stream().map(Classes::read).toList();

    @Test
    void everyPackageUsesOnlyWhatTheTableAllows() {
        List<String> protocol = Project.below(Project.ROOT.resolve("protocol/target/classes"), ".class").stream()
                .map(file -> Classes.read(file).packageName())
                .distinct()
                .toList();
        Set<String> wrong = new TreeSet<>();
        for (Classes user : classes) {
            if (!layers.knows(user.packageName())) {
                continue;
            }
            for (String type : user.types()) {
                String top = type.replaceFirst("\\$.*", "");
                if (!EVERYWHERE.contains(top) && !layers.allows(user.packageName(), type, protocol)) {
                    wrong.add(user.packageName() + " uses " + top + " (in " + user.name() + ")");
                }
            }
        }
        assertThat(wrong).as("uses that docs/architecture.md does not allow").isEmpty();
    }

    @Test
    void everyPackageHasARow() {
        Set<String> missing = new TreeSet<>();
        for (Classes user : classes) {
            if (user.name().contains(".") && !layers.knows(user.packageName())) {
                missing.add(user.packageName());
            }
        }
        assertThat(missing).as("packages without a row in docs/architecture.md").isEmpty();
    }

    @Test
    void theTableHasNoCycle() {
        List<String> cycles = new ArrayList<>();
        for (String start : layers.packages()) {
            walk(start, start, new TreeSet<>(), cycles);
        }
        assertThat(cycles).isEmpty();
    }

    private void walk(String start, String at, Set<String> seen, List<String> cycles) {
        for (String next : layers.packages()) {
            boolean uses = !next.equals(at) && layers.allows("ringfence." + at, "ringfence." + next + ".X", List.of());
            if (uses && next.equals(start)) {
                cycles.add(start + " and " + at);
            } else if (uses && seen.add(next)) {
                walk(start, next, seen, cycles);
            }
        }
    }
}
