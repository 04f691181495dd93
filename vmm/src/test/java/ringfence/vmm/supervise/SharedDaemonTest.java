package ringfence.vmm.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Processes;
import ringfence.sandbox.Box;
import ringfence.vhostuser.link.SocketLock;

/** Who starts a daemon that several VMs share. The daemon is a script here, which takes note of its start. */
@Timeout(60)
class SharedDaemonTest {
    private static final int STARTERS = 8;

    @TempDir
    Path home;

    private final Linux linux = Linux.system();
    private final List<String> refused = new ArrayList<>();
    private final List<SharedDaemon> open = new CopyOnWriteArrayList<>();

    @AfterEach
    void endWhatWasStarted() throws Exception {
        for (int pid : started()) {
            if (linux.processes().exists(pid)) {
                linux.processes().kill(pid, Processes.SIGKILL);
                while (state(pid) != 'Z') {
                    Thread.sleep(1);
                }
            }
        }
        open.forEach(SharedDaemon::close);
    }

    private static char state(int pid) throws IOException {
        return Files.readString(Path.of("/proc/" + pid + "/stat"))
                .replaceAll("(?s).*\\) ", "")
                .charAt(0);
    }

    private Path folder() {
        return home.resolve("run/switch/lan");
    }

    private String socket() {
        return folder().resolve("socket").toString();
    }

    private Path program(String what) throws IOException {
        Path program = home.resolve("daemon");
        Files.writeString(program, """
            #!/bin/sh
            printf '%%s\\n' "$@" >%1$s/options
            echo $$ >>%1$s/started
            %2$s
            """.formatted(home, what));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }

    private List<Integer> started() throws IOException {
        Path file = home.resolve("started");
        return Files.exists(file)
                ? Files.readAllLines(file).stream().map(Integer::valueOf).toList()
                : List.of();
    }

    private SharedDaemon daemon(Path program) {
        SharedDaemon source = new SharedDaemon(
                linux,
                folder(),
                program,
                List.of("--ports=32"),
                Box.ofPrivileges(Set.of()),
                Optional.empty(),
                "us",
                refused::add);
        open.add(source);
        return source;
    }

    /** Asks for a connection until the condition holds; nobody ever listens. */
    private static void ask(SharedDaemon daemon, Callable<Boolean> until) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!until.call()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            try (Fd _ = daemon.connect()) {
                throw new AssertionError("somebody listens");
            } catch (ErrnoException e) {
                assertThat(e.errno()).isIn(Errno.ENOENT, Errno.ECONNREFUSED);
            }
            Thread.sleep(1);
        }
    }

    @Test
    void ofManyThatFindNobodyOneStartsIt() throws Exception {
        Path program = program("exec sleep 1000");
        List<Future<?>> starters = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(STARTERS)) {
            for (int i = 0; i < STARTERS; i++) {
                starters.add(threads.submit(() -> {
                    SharedDaemon daemon = daemon(program);
                    ask(daemon, () -> !started().isEmpty());
                    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
                    ask(daemon, () -> System.nanoTime() > end);
                    return null;
                }));
            }
            for (Future<?> starter : starters) {
                starter.get();
            }
        }
        assertThat(started()).hasSize(1);
        int pid = started().getFirst();
        assertThat(Files.readAllLines(home.resolve("options")))
                .containsExactly("--socket-path=" + socket(), "--lock-fd=3", "--ports=32");
        assertThat(SocketLock.tryTake(linux, socket())).as("it has the lock").isEmpty();
        Path process = Path.of("/proc/" + pid);
        assertThat(Files.readString(process.resolve("stat")).split(" ", -1)[5])
                .as("a session of its own")
                .isEqualTo("" + pid);
        assertThat(Files.readSymbolicLink(process.resolve("cwd"))).isEqualTo(Path.of("/"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())))
                .isEqualTo("rwx------");
        assumeThat(linux.processes().effectiveUser()).isZero();
        assertThat(Files.readAllLines(process.resolve("status"))).contains("CapEff:\t0000000000000000");
    }

    @Test
    void oneThatIsKilledIsStartedAnewByWhoIsLeft() throws Exception {
        Path program = program("exec sleep 1000");
        SharedDaemon first = daemon(program);
        SharedDaemon left = daemon(program);
        ask(first, () -> started().size() == 1);
        linux.processes().kill(started().getFirst(), Processes.SIGKILL);
        ask(left, () -> started().size() == 2);
        linux.processes().kill(started().getLast(), Processes.SIGKILL);
        ask(left, () -> started().size() == 3);
        assertThat(refused).isEmpty();
    }

    @Test
    void whoListensIsUsedWhoeverHasStartedIt() throws Exception {
        Files.createDirectories(folder());
        SharedDaemon daemon = daemon(program("exit 2"));
        try (Fd _ = linux.sockets().listen(socket(), 1);
                Fd connection = daemon.connect()) {
            assertThat(connection.isOpen()).isTrue();
        }
        assertThat(started()).isEmpty();
    }

    @Test
    void oneThatRefusesIsToldOfOnceAndNotStartedAgainAtOnce() throws Exception {
        SharedDaemon daemon = daemon(program("echo 'no such switch'; exit 2"));
        assertThatThrownBy(() -> ask(daemon, () -> !refused.isEmpty())).hasMessageContaining("refuses to serve");
        assertThat(refused)
                .singleElement()
                .asString()
                .contains("daemon refuses to serve", folder() + ": its log there");
        assertThat(folder().resolve("log")).hasContent("no such switch");
        assertThat(started()).hasSize(1);
    }

    @Test
    void aProgramThatIsMissingIsNoSocketThatIsMissing() {
        SharedDaemon daemon = daemon(home.resolve("nothing"));
        assertThatThrownBy(() -> ask(daemon, () -> !refused.isEmpty())).hasMessageContaining("refuses to serve");
        assertThat(folder().resolve("log")).content().contains("nothing");
    }
}
