package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SpawnTest {
    private static final long SECONDS = 1_000_000_000L;

    private final Linux linux = Linux.system();
    private final Processes processes = linux.processes();

    /** Runs it with its standard output on a memfd; answers what it wrote. */
    private String outputOf(Spawn spawn) {
        try (Fd output = linux.memory().memfd("output", 0);
                Child child = processes.spawn(spawn.fd(1, output))) {
            assertThat(child.await(20 * SECONDS)).isEqualTo(OptionalInt.of(0));
            return contents(output);
        }
    }

    private String contents(Fd file) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(linux.files().size(file) + 1);
            long read = linux.files().tryRead(file, bytes, 0, bytes.byteSize(), 0);
            return new String(bytes.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        }
    }

    @Test
    void givesTheChildExactlyTheDescriptorsNamed() throws Exception {
        // an inheritable descriptor of ours, which must not get through
        try (Fd leak = linux.memory().memfd("leak", 0);
                Fd named = linux.memory().memfd("named", 0)) {
            linux.kernel().call(Syscall.FCNTL, leak.number(), 2 /* F_SETFD */, 0, 0, 0, 0);
            // stopped by itself: until then its loader opens and closes files of its own
            try (Child child =
                    processes.spawn(Spawn.of("/bin/sh", "-c", "kill -STOP $$").fd(7, named))) {
                awaitStopped(child.pid());
                assertThat(descriptors(child.pid()))
                        .containsEntry("0", "/dev/null")
                        .containsEntry("1", "/dev/null")
                        .containsEntry("2", "/dev/null")
                        .containsEntry("7", "/memfd:named (deleted)")
                        .hasSize(4);
                child.kill(Processes.SIGKILL);
                child.await(20 * SECONDS);
            }
        }
    }

    /** See proc_pid_stat(5): the state follows the name in parentheses. */
    private static void awaitStopped(int pid) throws Exception {
        long deadline = System.nanoTime() + 20 * SECONDS;
        while (!Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") T ")) {
            assertThat(System.nanoTime()).as("the child has stopped").isLessThan(deadline);
            Thread.sleep(1);
        }
    }

    private Map<String, String> descriptors(int pid) throws IOException {
        try (Stream<Path> fds = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return fds.collect(Collectors.toMap(
                    fd -> fd.getFileName().toString(), fd -> linux.files().readLink(fd.toString())));
        }
    }

    @Test
    void crossedNumbersArriveUncrossed() {
        try (Fd low = linux.memory().memfd("low", 0);
                Fd high = linux.memory().memfd("high", 0)) {
            int a = low.number();
            int b = high.number();
            String list = outputOf(Spawn.of("/bin/readlink", "/proc/self/fd/" + a, "/proc/self/fd/" + b)
                    .fd(a, high)
                    .fd(b, low));
            assertThat(list.lines()).containsExactly("/memfd:high (deleted)", "/memfd:low (deleted)");
        }
    }

    @Test
    void givesTheChildExactlyTheEnvironmentNamed() {
        assertThat(outputOf(Spawn.of("/usr/bin/env").env("B", "2").env("A", "1 x"))
                        .lines())
                .containsExactly("A=1 x", "B=2");
    }

    @Test
    void givesTheChildNoSignalBlockedOrIgnored() throws Exception {
        AtomicReference<String> status = new AtomicReference<>();
        Thread blocking = new Thread(() -> {
            processes.blockSignal(Processes.SIGTERM);
            processes.blockSignal(50);
            status.set(outputOf(Spawn.of("/bin/cat", "/proc/self/status")));
        });
        blocking.start();
        blocking.join();
        assertThat(status.get().lines())
                .contains("SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "SigCgt:\t0000000000000000");
    }

    @Test
    void takesTheNoNewPrivilegesOfTheStartingThreadOnly() throws Exception {
        AtomicReference<String> status = new AtomicReference<>();
        Thread sacrificial = new Thread(() -> {
            processes.noNewPrivileges();
            status.set(outputOf(Spawn.of("/bin/cat", "/proc/self/status")));
        });
        sacrificial.start();
        sacrificial.join();
        assertThat(status.get()).contains("NoNewPrivs:\t1");
        assertThat(outputOf(Spawn.of("/bin/cat", "/proc/self/status"))).contains("NoNewPrivs:\t0");
    }

    @Test
    void tellsHowTheChildEnded() {
        try (Child child = processes.spawn(Spawn.of("/bin/sh", "-c", "exit 7"))) {
            assertThat(child.await(20 * SECONDS)).isEqualTo(OptionalInt.of(7));
            assertThat(child.exitStatus()).isEqualTo(OptionalInt.of(7));
        }
        try (Child child = processes.spawn(Spawn.of("/bin/sleep", "100"))) {
            assertThat(child.exitStatus()).isEmpty();
            assertThat(child.await(1_000_000)).isEmpty();
            child.kill(Processes.SIGKILL);
            assertThat(child.await(20 * SECONDS)).isEqualTo(OptionalInt.of(128 + 9));
            child.kill(Processes.SIGKILL);
        }
    }

    @Test
    void aSessionOfItsOwn() {
        String status = outputOf(Spawn.of("/bin/cat", "/proc/self/stat").inNewSession());
        String[] fields = status.split(" ", -1);
        assertThat(fields[5]).as("session id").isEqualTo(fields[0]);
        assertThat(outputOf(Spawn.of("/bin/cat", "/proc/self/stat")).split(" ", -1)[5])
                .isNotEqualTo(fields[0]);
    }

    @Test
    void aProgramThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> processes.spawn(Spawn.of("/no/such/program")))
                .isInstanceOf(ErrnoException.class)
                .hasMessage("execve(/no/such/program): ENOENT (No such file or directory)");
    }

    @Test
    void leaksNothingHere() throws Exception {
        outputOf(Spawn.of("/bin/true"));
        long before = SocketsTest.openDescriptors();
        for (int i = 0; i < 20; i++) {
            outputOf(Spawn.of("/bin/true"));
        }
        assertThat(SocketsTest.openDescriptors()).isEqualTo(before);
    }
}
