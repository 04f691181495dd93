package ringfence.it.style;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Native code and raw addresses are reached from {@code ringfence.linux} alone. */
class NativeAccessTest {
    private static final Set<String> RESTRICTED_TYPES = Set.of(
            "java.lang.foreign.Linker",
            "java.lang.foreign.SymbolLookup",
            "java.lang.foreign.FunctionDescriptor",
            "sun.misc.Unsafe",
            "jdk.internal.misc.Unsafe");
    private static final Set<String> RESTRICTED_MEMBERS = Set.of(
            "java.lang.foreign.MemorySegment.reinterpret",
            "java.lang.foreign.AddressLayout.withTargetLayout",
            "java.lang.System.load",
            "java.lang.System.loadLibrary",
            "java.lang.Runtime.load",
            "java.lang.Runtime.loadLibrary");

    @Test
    void onlyTheLinuxPackagesReachNativeCode() {
        Set<String> wrong = new TreeSet<>();
        for (Classes user : Project.classes().stream().map(Classes::read).toList()) {
            if (user.packageName().equals("ringfence.linux")
                    || user.packageName().startsWith("ringfence.linux.")) {
                continue;
            }
            user.types().stream()
                    .map(type -> type.replaceFirst("\\$.*", ""))
                    .filter(RESTRICTED_TYPES::contains)
                    .forEach(type -> wrong.add(user.name() + " uses " + type));
            user.members().stream()
                    .filter(RESTRICTED_MEMBERS::contains)
                    .forEach(member -> wrong.add(user.name() + " uses " + member));
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void theTestWouldSeeADowncall() {
        Set<String> found = new TreeSet<>();
        Project.classes().stream()
                .map(Classes::read)
                .filter(user -> user.types().contains("java.lang.foreign.Linker"))
                .forEach(user -> found.add(user.packageName()));
        assertThat(found).containsExactly("ringfence.linux");
    }
}
