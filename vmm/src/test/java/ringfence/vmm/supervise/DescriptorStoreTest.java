package ringfence.vmm.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Child;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Spawn;
import ringfence.process.Program;
import ringfence.sandbox.Box;

/** What a daemon leaves to its successor. The one who sends is this process, or a child that is not the daemon. */
@Timeout(60)
class DescriptorStoreTest {
    private static final int SIGKILL = 9;

    @TempDir
    Path home;

    private final Linux linux = Linux.system();
    private final List<Child> children = new ArrayList<>();

    @AfterEach
    void endAll() {
        for (Child child : children) {
            child.kill(SIGKILL);
            child.await(10_000_000_000L);
            child.close();
        }
        Program.run("test", new PrintStream(OutputStream.nullOutputStream()), () -> 0); // drops the log
    }

    private DescriptorStore store() {
        return new DescriptorStore(linux, "_fs0", home.resolve("s").toString());
    }

    /** A store whose child is this process: the kernel says so of what we send. */
    private DescriptorStore hearsUs() {
        DescriptorStore store = store();
        store.adopt(linux.processes().pid());
        return store;
    }

    private Fd sender(DescriptorStore store) {
        return linux.datagrams().connect(store.address());
    }

    private void send(Fd socket, String text, Fd... fds) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(Math.max(1, bytes.length));
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, segment, 0, bytes.length);
            assertThat(linux.sockets().send(socket, segment.asSlice(0, bytes.length), fds))
                    .isEqualTo(bytes.length);
        }
    }

    /** Starts a child that does nothing: what there is for it, by name, and which file that is. */
    private List<String> left(DescriptorStore store) {
        List<String> left = new ArrayList<>();
        store.start(
                kept -> {
                    kept.forEach((name, fd) ->
                            left.add(name + " " + linux.files().stat(fd).inode()));
                    return sleeper();
                },
                Child::pid);
        return left;
    }

    private Child sleeper() {
        Child child = linux.processes().spawn(Spawn.of("/bin/sleep", "600"));
        children.add(child);
        return child;
    }

    private long inode(Fd fd) {
        return linux.files().stat(fd).inode();
    }

    private static long openDescriptors() throws Exception {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.count();
        }
    }

    private static void awaitOpenDescriptors(long count) throws Exception {
        for (int i = 0; i < 5000 && openDescriptors() != count; i++) {
            Thread.sleep(1);
        }
        assertThat(openDescriptors()).isEqualTo(count);
    }

    /** In the order in which it came; the newer one of two of a name; not what was taken back. */
    @Test
    void aSuccessorFindsWhatWasKeptAndNotTakenBack() throws Exception {
        long before = openDescriptors();
        try (Fd one = linux.memory().memfd("one", 4096);
                Fd two = linux.memory().memfd("two", 4096);
                DescriptorStore store = hearsUs();
                Fd socket = sender(store)) {
            send(socket, "FDSTORE=1\nFDNAME=state", one);
            send(socket, "FDNAME=node-2a\nFDSTORE=1\n", one);
            send(socket, "FDNAME=node-2b\nFDSTORE=1\n", two);
            send(socket, "READY=1\nSTATUS=serving");
            send(socket, "FDSTORE=1\nFDNAME=node-2a", two);
            send(socket, "FDSTORE=1\nFDNAME=node-2c", two);
            send(socket, "FDSTOREREMOVE=1\nFDNAME=node-2b");
            send(socket, "FDSTOREREMOVE=1\nFDNAME=never-there");
            assertThat(left(store))
                    .as("all that was sent before is heard")
                    .containsExactly("state " + inode(one), "node-2a " + inode(two), "node-2c " + inode(two));
        }
        children.forEach(child -> child.kill(SIGKILL));
        awaitOpenDescriptors(before + children.size());
        assertThat(home).as("the socket is gone").isEmptyDirectory();
    }

    /** Be it a message to the letter: it is not the child's. */
    @Test
    void othersAreNotHeard() throws Exception {
        try (Fd file = linux.memory().memfd("file", 4096);
                DescriptorStore store = store();
                Fd socket = sender(store)) {
            long before = openDescriptors();
            send(socket, "FDSTORE=1\nFDNAME=early", file);
            assertThat(left(store)).as("before there is a child").isEmpty();
            send(socket, "FDSTORE=1\nFDNAME=state", file);
            assertThat(left(store)).isEmpty();
            awaitOpenDescriptors(before + children.size());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n\n\n",
                "FDSTORE=1",
                "FDNAME=x",
                "FDSTORE=0\nFDNAME=x",
                "FDSTORE=1\nFDNAME=",
                "FDSTORE=1\nFDNAME=a b",
                "FDSTORE=1\nFDNAME=a:b",
                "FDSTORE=1\nFDNAME=../x",
                "FDSTORE=1\nFDNAME=\u00e9",
                "FDSTORE=1\nFDNAME=a\u0000b",
                "FDSTORE=1\nFDNAME=x\nFDNAME=a/b",
                "FDSTORE=1\nFDSTOREREMOVE=1\nFDNAME=x",
                " FDSTORE=1\nFDNAME=x",
                "FDSTORE=1\rFDNAME=x",
                "BARRIER=1"
            })
    void aMessageThatIsNoneKeepsNothing(String text) throws Exception {
        try (Fd file = linux.memory().memfd("file", 4096);
                DescriptorStore store = hearsUs();
                Fd socket = sender(store)) {
            long before = openDescriptors();
            send(socket, text, text.isEmpty() ? new Fd[0] : new Fd[] {file});
            send(socket, "FDSTORE=1\nFDNAME=after", file);
            assertThat(left(store)).containsExactly("after " + inode(file));
            awaitOpenDescriptors(before + 1 + children.size());
        }
    }

    @Test
    void nothingButOneDescriptorForANameIsKept() throws Exception {
        try (Fd file = linux.memory().memfd("file", 4096);
                DescriptorStore store = hearsUs();
                Fd socket = sender(store)) {
            long before = openDescriptors();
            send(socket, "FDSTORE=1\nFDNAME=none");
            send(socket, "FDSTORE=1\nFDNAME=two", file, file);
            send(socket, "FDSTORE=1\nFDNAME=" + "x".repeat(256), file);
            send(socket, "FDSTORE=1\nFDNAME=long\n" + "X".repeat(8192), file);
            send(
                    socket,
                    "FDSTORE=1\nFDNAME=all\n",
                    Stream.generate(() -> file).limit(253).toArray(Fd[]::new));
            send(socket, "FDSTORE=1\nFDNAME=" + "x".repeat(255), file);
            assertThat(left(store)).containsExactly("x".repeat(255) + " " + inode(file));
            awaitOpenDescriptors(before + 1 + children.size());
        }
    }

    /** What is too much is closed; what is there stays, and may be replaced and taken back. */
    @Test
    void theirNumberIsBounded() throws Exception {
        try (Fd file = linux.memory().memfd("file", 4096);
                DescriptorStore store = hearsUs();
                Fd socket = sender(store)) {
            long before = openDescriptors();
            for (int i = 0; i < DescriptorStore.MOST + 100; i++) {
                send(socket, "FDSTORE=1\nFDNAME=node-" + i, file);
            }
            send(socket, "FDSTOREREMOVE=1\nFDNAME=node-0");
            send(socket, "FDSTORE=1\nFDNAME=node-1", file);
            send(socket, "FDSTORE=1\nFDNAME=last", file);
            send(socket, "FDSTORE=1\nFDNAME=too-many", file);
            List<String> left = left(store);
            assertThat(left)
                    .hasSize(DescriptorStore.MOST)
                    .contains("last " + inode(file))
                    .doesNotContain("too-many " + inode(file), "node-" + DescriptorStore.MOST + " " + inode(file));
            awaitOpenDescriptors(before + DescriptorStore.MOST + children.size());
        }
    }

    @Test
    void theirNamesFitIntoAVariable() {
        try (Fd file = linux.memory().memfd("file", 4096);
                DescriptorStore store = hearsUs();
                Fd socket = sender(store)) {
            for (int i = 0; i < 1000; i++) {
                send(socket, "FDSTORE=1\nFDNAME=" + String.format("%04d", i).repeat(60), file);
            }
            assertThat(left(store)).hasSize(DescriptorStore.MOST_TEXT / 241);
        }
    }

    @Test
    void noNoiseHarms() throws Exception {
        Random random = new Random(1);
        String[] words = {"FDSTORE=1", "FDSTOREREMOVE=1", "FDNAME=", "FDNAME=a", "\n", "=", "\u0000", "FDSTORE", "b"};
        try (Fd file = linux.memory().memfd("file", 4096);
                DescriptorStore store = hearsUs();
                Fd socket = sender(store)) {
            long before = openDescriptors();
            for (int i = 0; i < 5000; i++) {
                StringBuilder text = new StringBuilder("\n");
                for (int word = random.nextInt(12); word > 0; word--) {
                    text.append(words[random.nextInt(words.length)]);
                }
                send(
                        socket,
                        text.toString(),
                        Stream.generate(() -> file).limit(random.nextInt(4)).toArray(Fd[]::new));
            }
            int kept = left(store).size();
            awaitOpenDescriptors(before + kept + children.size());
        }
    }

    /** A daemon that is a script: what it is started with, in the environment and at its descriptors. */
    @Test
    void aSuccessorIsStartedAsFromSystemd() throws Exception {
        Path report = home.resolve("report");
        Path program = home.resolve("daemon");
        Files.writeString(program, """
            #!/bin/sh
            {
                echo "arguments $*"
                if [ "$LISTEN_PID" = $$ ]; then echo "for this process"; fi
                echo "fds $LISTEN_FDS names $LISTEN_FDNAMES store $NOTIFY_SOCKET"
                for fd in 3 4 5 6; do printf "$fd "; readlink /proc/$$/fd/$fd || echo; done
            } >%1$s.new
            mv %1$s.new %1$s
            exec sleep 600
            """.formatted(report));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path socket = home.resolve("s");
        DaemonCommand command = new DaemonCommand(
                "_fs0",
                Optional.empty(),
                program,
                List.of("--tag=x"),
                Box.ofPrivileges(Set.of()),
                List.of(),
                Optional.empty(),
                false);
        try (DescriptorStore store = store();
                SupervisedDaemon daemon = new SupervisedDaemon(linux, command, Optional.of(store), line -> {});
                Fd file = linux.files().open("/dev/zero", OpenFlag.RDONLY);
                Fd sender = sender(store)) {
            try (Fd _ = daemon.connect()) {
                assertThat(read(report))
                        .containsEntry("arguments", "--fd=3 --tag=x")
                        .containsEntry("fds", " names  store " + socket)
                        .doesNotContainKey("for");
            }
            store.adopt(linux.processes().pid());
            send(sender, "FDSTORE=1\nFDNAME=state", file);
            send(sender, "FDSTORE=1\nFDNAME=node-1", file);
            try (Fd _ = daemon.connect()) {
                Map<String, String> successor = read(report);
                assertThat(successor)
                        .containsEntry("arguments", "--fd=5 --tag=x")
                        .containsEntry("for", "this process")
                        .containsEntry("fds", "2 names state:node-1 store " + socket)
                        .containsEntry("3", "/dev/zero")
                        .containsEntry("4", "/dev/zero")
                        .containsEntry("6", "/memfd:heartbeat (deleted)");
                assertThat(successor.get("5")).startsWith("socket:");
            }
            assertThat(store.names()).as("they stay for the next one").containsExactly("state", "node-1");
        }
    }

    /** Waits for a report, reads it, each line by its first word, and removes it. */
    private static Map<String, String> read(Path report) throws Exception {
        while (!Files.exists(report)) {
            Thread.sleep(1);
        }
        Map<String, String> lines = new TreeMap<>();
        for (String line : Files.readAllLines(report)) {
            int space = line.indexOf(' ');
            lines.put(line.substring(0, space), line.substring(space + 1));
        }
        Files.delete(report);
        return lines;
    }
}
