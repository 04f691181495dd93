package ringfence.it.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.it.lab.Checkout;

/** Each unit is exposed as little as it can be: systemd-analyze's figure is at most 1.0 of 10. */
class SecurityTest {
    private static final int TENTHS = 10;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"ringfence-blk@", "ringfence-fs@", "ringfence-net@", "ringfence@", "ringfence-journal"})
    void littleIsExposed(String unit) throws Exception {
        Path template = Checkout.find().root().resolve("packaging/systemd/" + unit + ".service");
        Path instance = Files.copy(template, folder.resolve(unit.replace("@", "@x") + ".service"));
        Process process = new ProcessBuilder(
                        "systemd-analyze",
                        "security",
                        "--no-pager",
                        "--offline=true",
                        "--threshold=" + TENTHS,
                        instance.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).contains("Overall exposure level");
    }
}
