package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;
import ringfence.linux.Child;
import ringfence.linux.Linux;
import ringfence.linux.Processes;
import ringfence.linux.Spawn;
import ringfence.sandbox.Box;
import ringfence.sandbox.BoxedProcess;
import ringfence.vmm.supervise.RuntimeDirectory;

/** Root's VMM with a range of users for its daemons, the real ones; any KVM will do. */
class UserPerDaemonTest {
    private static final long PATIENCE = Duration.ofSeconds(60).toNanos();
    private static final int USERS = 3;
    private static int ranges;
    private static final String NAME = "users-" + ProcessHandle.current().pid();

    @TempDir
    Path directory;

    /** Nobody else's, and no other test's, whose daemons may be about to end. */
    private final int first = 1_900_000_000 + (int) ProcessHandle.current().pid() * 8 + USERS * ranges++;

    private final Linux linux = Linux.system();
    private LocalVmm vmm;
    private VmmApi api;

    @BeforeEach
    void aGuestThatHalts() throws Exception {
        assumeThat(linux.processes().effectiveUser()).isZero();
        Path kernel = Files.write(directory.resolve("halts"), TinyKernel.halting());
        Path one = image("one");
        Path two = image("two");
        vmm = LocalVmm.start(
                directory.resolve("api"),
                command -> command.with("--daemon-uids", first + "-" + (first + USERS - 1))
                        .with("--kernel", kernel.toString(), "--console", "off", "--serial", "null")
                        .with("--disk", "path=" + one, "path=" + two)
                        .with("--net", "switch=" + NAME, "--fs", "tag=work,path=" + directory));
        api = vmm.api();
        for (String device : List.of("_disk0", "_disk1", "_net0", "_fs0")) {
            vmm.await(() -> api.isServed() && isConnected(device));
        }
    }

    @AfterEach
    void end() throws IOException {
        if (vmm == null) {
            return;
        }
        daemons("vhost-user-net").forEach(ProcessHandle::destroyForcibly); // the switch, which lives on
        vmm.close();
        Path ofSwitch = RuntimeDirectory.ofSwitch(NAME, 0);
        for (String file : List.of("socket", "socket.lock", "log", "counters", "")) {
            Files.deleteIfExists(ofSwitch.resolve(file));
        }
    }

    private Path image(String name) throws IOException {
        Path image = Files.write(directory.resolve(name), new byte[1 << 20]);
        Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-------"));
        return image;
    }

    private boolean isConnected(String device) throws IOException {
        return api.get("vm.counters").body().matches(".*\"" + device + "\":\\{[^}]*\"connected\":1\\b.*");
    }

    /** The VMM's, in the order in which they were started. */
    private List<ProcessHandle> daemons(String name) {
        return ProcessHandle.of(vmm.program().pid())
                .orElseThrow()
                .children()
                .filter(child -> status(child.pid()).startsWith("Name:\t" + name + "\n"))
                .sorted()
                .toList();
    }

    private static String status(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/status"));
        } catch (IOException _) {
            return "";
        }
    }

    private static int user(ProcessHandle daemon) {
        return Integer.parseInt(status(daemon.pid()).replaceFirst("(?s).*\nUid:\t(\\d+)\t\\1\t\\1\t\\1\n.*", "$1"));
    }

    /** Whether somebody of that user, and nothing else, may signal a process. */
    private boolean maySignal(int user, ProcessHandle daemon) {
        Spawn kill = Spawn.of("/bin/sh", "-c", "kill -0 " + daemon.pid());
        try (Child child =
                BoxedProcess.spawn(linux, kill, Box.ofPrivileges(Set.of()).as(user))) {
            return child.await(PATIENCE).orElseThrow() == 0;
        }
    }

    @Test
    void daemonsCannotSignalEachOtherNorTheVmm() {
        ProcessHandle one = daemons("vhost-user-blk").getFirst();
        ProcessHandle two = daemons("vhost-user-blk").getLast();
        ProcessHandle net = daemons("vhost-user-net").getFirst();
        ProcessHandle folder = daemons("vhost-user-fs").getFirst();
        assertThat(Set.of(user(one), user(two), user(net))).containsExactlyInAnyOrder(first, first + 1, first + 2);
        assertThat(user(folder)).as("it acts for all of its guest's users").isZero();
        assertThat(maySignal(user(one), one)).isTrue();
        for (ProcessHandle other :
                List.of(two, net, folder, ProcessHandle.of(vmm.program().pid()).orElseThrow())) {
            assertThat(maySignal(user(one), other)).as("%s", other.pid()).isFalse();
        }
    }

    @Test
    void aSuccessorHasTheSameOneAndARangeThatIsTakenUpIsALine() throws Exception {
        ProcessHandle killed = daemons("vhost-user-blk").getFirst();
        int user = user(killed);
        linux.processes().kill((int) killed.pid(), Processes.SIGKILL);
        vmm.await(() ->
                daemons("vhost-user-blk").stream().anyMatch(next -> next.pid() > killed.pid() && user(next) == user)
                        && isConnected("_disk0")
                        && isConnected("_disk1"));
        VmmApi.Answer more = api.put("vm.add-disk", "{\"id\":\"more\",\"path\":\"" + image("three") + "\"}");
        assertThat(more.status()).isEqualTo(500);
        assertThat(more.body()).contains("--daemon-uids " + first + "-" + (first + 2), "all of them are taken");
        assertThat(api.get("vm.info").body()).contains("\"state\":\"Running\"").doesNotContain("\"more\"");
    }
}
