package ringfence.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;

@Timeout(120)
class FaultsTest {
    @TempDir
    private Path directory;

    /** Whether HotSpot has compiled it, by which compiler, or not: nobody else gets the error. */
    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation", "-XX:+TieredCompilation"})
    void anErrorIsRaisedWhereItIsAskedFor(String mode) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), mode));
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                AccessesBehindTheEnd.class.getName(),
                directory.resolve("file").toString(),
                "30000"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("told 30000 of 30000\n");
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void ofMemoryThatCannotShrinkNothingIsAsked() {
        Linux linux = Linux.system();
        try (Fd file = linux.memory().memfd("memory", 8192);
                Mapping sealed = linux.memory().map(file, 0, 8192);
                Mapping other = linux.memory().mapShrinkable(file, 0, 8192)) {
            Region first = new Region(0, 0, 4096, sealed, 0, file, 0);
            MemoryTable table = MemoryTable.of(List.of(first));
            assertThat(table.mayShrink()).isFalse();
            assertThat(table.plus(new Region(4096, 4096, 4096, other, 4096, file, 4096))
                            .mayShrink())
                    .isTrue();
        }
    }
}
