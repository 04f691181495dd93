package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory whose address the kernel has been given is not freed while it may read there. */
class KeptMemoryTest {
    private static final int MILLIS = 8000;

    @TempDir
    Path folder;

    @Test
    void aNameThatNobodyKeepsIsThereUntilTheCallIsOver() throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx32m",
                        "-Xmn2m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        PassingNames.class.getName(),
                        folder.toString(),
                        Integer.toString(MILLIS)))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).containsPattern("(?m)^0 of [0-9]{5,}$");
    }
}
