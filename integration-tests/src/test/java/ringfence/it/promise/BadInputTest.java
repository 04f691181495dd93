package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.it.lab.Checkout;

/** The built programs, given what they cannot use; no KVM is needed to be told. */
class BadInputTest {
    private static final String LONG = "x".repeat(200);

    @TempDir
    Path directory;

    /** Exit code 2, nothing on standard output, and one line that names the option and what to do. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cloud-hypervisor|--cpus boot=1|--kernel|such as --kernel",
                "cloud-hypervisor|--kernel missing|--kernel: missing|check the path",
                "cloud-hypervisor|--kernel K --disk path=missing|--disk|check the path",
                "cloud-hypervisor|--kernel K --disk path=odd|--disk|truncate -s %512 odd",
                "cloud-hypervisor|--kernel K --disk path=even,readnly=on|--disk|did you mean 'readonly'",
                "cloud-hypervisor|--kernel K --cpus boot=100000|--cpus|are possible",
                "cloud-hypervisor|--kernel K --memory size=0|--memory|such as size=512M",
                "cloud-hypervisor|--kernel K --memory size=1000T|--memory|at most",
                "cloud-hypervisor|--kernel K --api-socket LONG|--api-socket|choose a shorter one",
                "cloud-hypervisor|--kernel K --dsk|--dsk|--help",
            })
    void isOneLineAndExitCode2(String program, String words, String option, String remedy) throws Exception {
        makeFiles();
        List<String> command = new ArrayList<>(
                List.of(Checkout.find().product().resolve("bin/" + program).toString()));
        for (String word : words.split(" ", -1)) {
            command.add(word.equals("LONG") ? LONG : word);
        }
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("has ended").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(err)).isEqualTo(2);
        assertThat(out).isEmptyFile();
        assertThat(Files.readAllLines(err))
                .singleElement()
                .satisfies(line -> assertThat(line).startsWith(program + ": ").contains(option, remedy));
    }

    private void makeFiles() throws IOException {
        Files.writeString(directory.resolve("K"), "never read");
        Files.write(directory.resolve("odd"), new byte[1000]);
        Files.write(directory.resolve("even"), new byte[1024]);
    }
}
