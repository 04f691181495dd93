package ringfence.vmm.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Child;
import ringfence.linux.Linux;
import ringfence.linux.Processes;
import ringfence.linux.Spawn;
import ringfence.process.BadInputException;
import ringfence.sandbox.Box;
import ringfence.sandbox.BoxedProcess;
import ringfence.vmm.config.UserRange;

/** Two VMMs of a host, and one range. */
class DaemonUsersTest {
    private static final int FIRST = 1_879_040_000;

    @TempDir
    Path folder;

    private final Linux linux = Linux.system();

    private DaemonUsers vmm(int users) {
        return new DaemonUsers(linux, new UserRange(FIRST, FIRST + users - 1), folder.resolve("made/daemon-uids"));
    }

    @Test
    void noTwoDaemonsHaveOneAndWhatIsGivenBackIsFree() {
        DaemonUsers one = vmm(2);
        DaemonUsers other = vmm(2);
        try (DaemonUsers.Taken first = one.take();
                DaemonUsers.Taken second = other.take()) {
            assertThat(first.number()).isEqualTo(FIRST);
            assertThat(second.number()).isEqualTo(FIRST + 1);
            assertThatThrownBy(one::take)
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("--daemon-uids " + FIRST + "-" + (FIRST + 1))
                    .hasMessageContaining("larger range");
        }
        try (DaemonUsers.Taken again = other.take()) {
            assertThat(again.number()).isEqualTo(FIRST);
        }
    }

    /** The VMM that took its number was killed, and the daemon is about to end. */
    @Test
    void aUserWhoseProcessLivesIsPassedOver() {
        assumeThat(linux.processes().effectiveUser()).isZero();
        Box box = Box.ofPrivileges(Set.of()).as(FIRST);
        try (Child daemon = BoxedProcess.spawn(linux, Spawn.of("/bin/sleep", "600"), box)) {
            try (DaemonUsers.Taken next = vmm(2).take()) {
                assertThat(next.number()).isEqualTo(FIRST + 1);
            }
            daemon.kill(Processes.SIGKILL);
            assertThat(daemon.await(20_000_000_000L)).isPresent();
        }
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (linux.processes().existsOf(FIRST)) { // the thread that has started it, too, was that user's
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        try (DaemonUsers.Taken again = vmm(2).take()) {
            assertThat(again.number()).isEqualTo(FIRST);
        }
    }

    @Test
    void aFileIsGivenToItsDaemon() throws Exception {
        assumeThat(linux.processes().effectiveUser()).isZero();
        Path file = Files.createFile(folder.resolve("counters"));
        DaemonUsers users = vmm(1);
        try (DaemonUsers.Taken user = users.take()) {
            users.give(file, user);
            assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(FIRST);
            assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(FIRST);
        }
    }
}
