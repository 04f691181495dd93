package ringfence.vmm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import ringfence.linux.FileRight;
import ringfence.sandbox.PathRule;

/** What a VMM with {@code --landlock} may reach, of what its command line says. */
class OwnBoxTest {
    private static final Path HOME = Path.of("/opt/ringfence");

    private static List<PathRule> rules(String... words) {
        return OwnBox.rules(
                HOME, VmArguments.of(QuickReader.read(List.of(words)).orElseThrow()));
    }

    private static Set<FileRight> of(List<PathRule> rules, String path) {
        return rules.stream()
                .filter(rule -> rule.path().equals(path))
                .flatMap(rule -> rule.rights().stream())
                .collect(Collectors.toSet());
    }

    @Test
    void whatIsReadOnlyIsRead() {
        List<PathRule> rules =
                rules("--landlock", "--kernel", "/k", "--initramfs", "/i", "--disk", "path=/a,readonly=on", "path=/b");
        assertThat(of(rules, "/k")).contains(FileRight.READ_FILE).doesNotContain(FileRight.WRITE_FILE);
        assertThat(of(rules, "/i")).contains(FileRight.READ_FILE).doesNotContain(FileRight.WRITE_FILE);
        assertThat(of(rules, "/a")).contains(FileRight.READ_FILE).doesNotContain(FileRight.WRITE_FILE);
        assertThat(of(rules, "/b")).contains(FileRight.READ_FILE, FileRight.WRITE_FILE);
        assertThat(of(rules, "/")).isEmpty();
    }

    @Test
    void whatIsMadeIsMadeInItsFolder() {
        List<PathRule> rules = rules(
                "--landlock",
                "--kernel",
                "/k",
                "--api-socket",
                "/run/vm/api",
                "--vsock",
                "cid=3,socket=/run/vsock/s",
                "--serial",
                "file=/var/serial/log",
                "--console",
                "socket=/run/console/s");
        for (String folder : List.of("/run/vm", "/run/vsock", "/var/serial", "/run/console")) {
            assertThat(of(rules, folder))
                    .as(folder)
                    .contains(FileRight.MAKE_SOCK, FileRight.MAKE_REG, FileRight.REMOVE_FILE)
                    .doesNotContain(FileRight.EXECUTE, FileRight.REMOVE_DIR);
        }
    }

    @Test
    void aRuleAllowsWhatItsAccessSaysAndNeverToExecute() {
        List<PathRule> rules = rules(
                "--landlock",
                "--kernel",
                "/k",
                "--landlock-rules",
                "path=/r,access=r",
                "path=/w,access=w",
                "path=/rw,access=rw");
        assertThat(of(rules, "/r")).containsExactlyInAnyOrder(FileRight.READ_FILE, FileRight.READ_DIR);
        assertThat(of(rules, "/w"))
                .contains(FileRight.WRITE_FILE, FileRight.MAKE_REG, FileRight.REMOVE_FILE)
                .doesNotContain(FileRight.READ_FILE, FileRight.READ_DIR, FileRight.EXECUTE);
        assertThat(of(rules, "/rw"))
                .contains(FileRight.WRITE_FILE, FileRight.READ_FILE)
                .doesNotContain(FileRight.EXECUTE);
    }

    @Test
    void nothingIsExecutedButProgramsOfTheTreeAndWhatRemoves() {
        List<PathRule> rules = rules("--landlock", "--kernel", "/k");
        assertThat(rules)
                .filteredOn(rule -> rule.rights().contains(FileRight.EXECUTE))
                .extracting(PathRule::path)
                .containsExactly("/opt/ringfence/bin", "/opt/ringfence/lib/last-will", "/bin/rm");
    }
}
