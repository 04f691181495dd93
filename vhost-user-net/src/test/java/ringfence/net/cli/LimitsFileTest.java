package ringfence.net.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Linux;
import ringfence.net.NetVm;
import ringfence.net.engine.DeviceLimits;

/** A file of limits: read, followed, and refused. */
@Timeout(60)
class LimitsFileTest {
    private final Linux linux = Linux.system();
    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

    @TempDir
    Path directory;

    private Path write(String text) throws Exception {
        Path fresh = Files.writeString(directory.resolve("fresh"), text);
        return Files.move(fresh, directory.resolve("limits"), StandardCopyOption.ATOMIC_MOVE);
    }

    private void said(String part) {
        NetVm.until(() -> lines.stream().anyMatch(line -> line.contains(part)));
        lines.clear();
    }

    @Test
    void whatTheFileSaysIsFollowed() throws Exception {
        Path file = write("# nothing yet\n");
        DeviceLimits device = DeviceLimits.of(linux);
        try (LimitsFile _ = LimitsFile.open(file, List.of(device), lines::add)) {
            assertThat(lines).isEmpty();
            write("rx=ops_size=1,ops_refill_time=3600000\n\ntx=bw_size=1M,bw_refill_time=100\n");
            said("limits: as");
            write("rx=ops_size=1");
            said("ops_refill_time: is missing beside the other ops_ keys: give it too; the limits stay");
            Files.delete(file);
            said("cannot be read, check the path; the limits stay");
            write("");
            said("limits: as");
            Files.writeString(directory.resolve("other"), "x");
            Thread.sleep(50);
            assertThat(lines).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'rx=bw_size=1', bw_refill_time: is missing",
        "'xr=bw_size=1', correct 'xr=bw_size=1'",
        "'tx=bw_size=1,bw_refill_time=0', bw_refill_time 1 to 3600000",
    })
    void whatMakesNoSenseIsRefused(String text, String reason) throws Exception {
        Path file = write(text);
        assertThatThrownBy(() -> LimitsFile.open(file, List.of(), lines::add))
                .hasMessageStartingWith("--limits=" + file + ": ")
                .hasMessageContaining(reason);
    }

    @Test
    void aFileThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> LimitsFile.open(directory.resolve("no"), List.of(), lines::add))
                .hasMessageContaining("check the path");
    }
}
