package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Runs the jcstress tests, all {@code *Stress} classes of this module, in a JVM of their own. Without more they take
 * part of a minute; {@code -Dringfence.stress.mode=default} runs them as jcstress would, in all compilation modes.
 */
class RingStressTest {
    private static final Path RESULTS = Path.of("target", "jcstress").toAbsolutePath();

    @Test
    void noOrderThatIsForbiddenIsSeen() throws IOException, InterruptedException {
        String mode = System.getProperty("ringfence.stress.mode", "short");
        Path log = RESULTS.resolve("log.txt");
        Files.createDirectories(RESULTS);
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(
                java,
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main",
                "-v",
                "-r",
                RESULTS.resolve("report") + File.separator,
                "-af",
                "NONE"));
        // At most as many tries alive at once as StressRing has slots.
        command.addAll(List.of("-strideSize", "256", "-strideCount", "40"));
        if (mode.equals("short")) {
            command.addAll(List.of("-sc", "false", "-f", "1", "-fsm", "0", "-iters", "2", "-time", "500"));
            // With the JVM's arguments given, one configuration is run in place of three.
            command.addAll(List.of("-jvmArgs", "-XX:+UseSerialGC --enable-native-access=ALL-UNNAMED"));
        } else {
            command.addAll(List.of("-m", mode, "-jvmArgsPrepend", "--enable-native-access=ALL-UNNAMED"));
        }
        Process process = new ProcessBuilder(command)
                .directory(RESULTS.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(mode.equals("short") ? 5 : 600, TimeUnit.MINUTES))
                    .as("it ends; see %s", log)
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        String output = Files.readString(log);
        assertThat(output).contains("Failed tests: No matches.").contains("Error tests: No matches.");
        boolean seen = output.contains("Interesting tests: 1 matching test results");
        System.out.println("stress: nothing forbidden seen; the control without fences "
                + (seen ? "lost kicks, as it should" : "lost none this time: this machine is too busy to race"));
        if (!mode.equals("short")) {
            assertThat(seen).as("a lost kick would be seen").isTrue();
        }
        assertThat(process.exitValue()).isZero();
    }
}
