package ringfence.it.style;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A fuzz target that the build leaves out, or whose executions nobody counts, would pass for ever. */
class FuzzTargetsTest {
    private final List<Path> targets = Project.sources("test").stream()
            .filter(file -> file.toString().endsWith("FuzzTest.java"))
            .toList();

    @Test
    void eachIsFuzzedByItsModulesBuild() {
        assertThat(targets).isNotEmpty().allSatisfy(target -> {
            Path module = Project.ROOT.resolve(Project.ROOT.relativize(target).getName(0));
            assertThat(Project.read(module.resolve("pom.xml"))).contains("<include>**/" + target.getFileName() + "<");
        });
    }

    @Test
    void theExecutionsOfEachAreCountedAndTimed() {
        assertThat(targets)
                .allSatisfy(target -> assertThat(Project.read(target))
                        .contains("EXECUTIONS.run(data,", "maxExecutions = 1_000_000,"));
    }
}
