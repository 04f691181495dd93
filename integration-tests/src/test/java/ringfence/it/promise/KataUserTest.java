package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.TinyKernel;
import ringfence.linux.Child;
import ringfence.linux.Linux;
import ringfence.linux.Tap;

/**
 * A sandbox of Kata Containers' whose VMM is, as with its {@code rootless=true}, a user's who is nobody else's, in the
 * pod's network, with no group but that of /dev/kvm. Any KVM will do.
 */
@Timeout(120)
class KataUserTest {
    private static final String USER =
            Long.toString(1_700_000_000 + ProcessHandle.current().pid());
    private static final String GROUP = "1699999999"; // no other file's than the device's

    /**
     * Arguments: a folder, the group, the user, the command. It runs in namespaces of its own, so that nothing of it is on
     * the host: /dev/kvm is one there that the group may open.
     */
    private static final String ENTER = """
        set -e
        mount --make-rprivate /
        mount -t tmpfs none "$1"
        if mknod -m 660 "$1/kvm" c $(stat -c '0x%t 0x%T' /dev/kvm); then
            chgrp "$2" "$1/kvm"
            mount --bind "$1/kvm" /dev/kvm
        fi
        user=$3 group=$2
        shift 3
        exec setpriv --reuid "$user" --regid "$user" --groups "$group" -- "$@"
        """;

    @TempDir
    Path directory;

    private Path run; // as /run/user/UID/run/vc/vm/ID
    private Child virtiofsd;
    private Path socket;
    private Process vmm;

    @BeforeEach
    void start() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isReadable();
        assumeThat(Linux.system().processes().effectiveUser()).as("root").isZero();
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        run = owned(Files.createDirectory(directory.resolve("run")));
        socket = run.resolve("clh-api.sock");
        Files.createDirectory(directory.resolve("own"));
        virtiofsd =
                Kata.virtiofsd(run, Files.createDirectory(directory.resolve("shared")), directory.resolve("virtiofsd"));
        owned(run.resolve("virtiofsd.sock"));
        assumeThat(as("test", "-x", program()).waitFor())
                .as("a user may start what has been built here: " + said())
                .isZero();
    }

    @AfterEach
    void end() throws Exception {
        if (vmm != null) {
            vmm.destroyForcibly().waitFor();
        }
        if (virtiofsd != null) {
            virtiofsd.kill(9);
            virtiofsd.await(TimeUnit.SECONDS.toNanos(10));
            virtiofsd.close();
        }
    }

    private static Path owned(Path path) throws IOException {
        Files.setAttribute(path, "unix:uid", Integer.parseInt(USER));
        return path;
    }

    /** Starts a program as the user; it is our direct child, as a shim's VMM is the shim's. */
    private Process as(String... command) throws IOException {
        return as(run, command);
    }

    /** The same, with another folder for what VMMs leave for each other. */
    private Process as(Path session, String... command) throws IOException {
        List<String> words = new ArrayList<>(List.of("unshare", "--net", "--mount", "--", "sh", "-c", ENTER, "sh"));
        words.addAll(List.of(directory.resolve("own").toString(), GROUP, USER));
        words.addAll(List.of(command));
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(directory.resolve("vmm").toFile())
                .redirectError(directory.resolve("vmm.err").toFile());
        builder.environment().put("RINGFENCE_ANY_KVM", "1");
        builder.environment().put("XDG_RUNTIME_DIR", session.toString());
        return builder.start();
    }

    private String said() throws IOException {
        return Files.readString(directory.resolve("vmm.err")) + Files.readString(directory.resolve("virtiofsd"));
    }

    private static String program() {
        return Checkout.find().product().resolve("bin/cloud-hypervisor").toString();
    }

    private void startVmm(Path session) throws Exception {
        vmm = as(session, program(), "--api-socket", socket.toString());
        Kata.awaitPing(vmm, socket, directory.resolve("vmm.err"));
    }

    /** Nobody and nothing of the user's is there when it has. */
    private void awaitEnd() throws Exception {
        assertThat(vmm.waitFor(Kata.END_MILLIS, TimeUnit.MILLISECONDS))
                .as(said())
                .isTrue();
        assertThat(vmm.exitValue()).as(said()).isZero();
        assertThat(ofUser()).isEmpty();
        assertThat(socket).doesNotExist();
        assertThat(run.resolve("clh.sock")).doesNotExist();
        assertThat(virtiofsd.exitStatus()).as("it is the shim that ends it").isEmpty();
    }

    @Test
    void theVmmAnswersAndEnds() throws Exception {
        startVmm(run);
        assertThat(status(vmm.pid()))
                .contains(List.of(
                        "Uid:\t" + (USER + "\t").repeat(4).strip() + "\n",
                        "Gid:\t" + (USER + "\t").repeat(4).strip() + "\n",
                        "Groups:\t" + GROUP + " \n",
                        "CapEff:\t0000000000000000\n"));
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + vmm.pid() + "/ns/net")))
                .isNotEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/net")));
        try (Wire api = Wire.to(socket, Kata.CALL_MILLIS)) {
            assertThat(api.send(Kata.put("vmm.shutdown", "")).answer()).isEqualTo(new Wire.Answer(200, ""));
        }
        awaitEnd();
    }

    @Test
    void aSandboxLivesAndEnds() throws Exception {
        assumeThat(as("test", "-w", "/dev/kvm").waitFor())
                .as("a namespace may have a /dev/kvm of its own here: " + said())
                .isZero();
        assumeThat(Path.of("/dev/net/tun")).isWritable();
        startVmm(run);
        try (Wire api = Wire.to(socket, Kata.CREATE_MILLIS)) {
            done(api, Kata.put("vm.create", body()));
            try (Wire nets = Wire.to(socket, Kata.CREATE_MILLIS);
                    Tap tap = Tap.open(Linux.system(), "", false)) {
                assertThat(nets.send(Kata.addNet("02:00:ca:fe:00:01"), tap.fd()).answer())
                        .isEqualTo(new Wire.Answer(204, ""));
            }
            done(api, Kata.put("vm.boot", ""));
            assertThat(api.send(Kata.get("vm.info")).answer().body()).contains("\"state\":\"Running\"");
            assertThat(ofUser())
                    .as("the VMM, and daemons of the disk and the card")
                    .hasSizeGreaterThanOrEqualTo(3);
            Path volume = owned(Files.write(run.resolve("volume"), new byte[1 << 20]));
            Wire.Answer plugged =
                    api.send(Kata.put("vm.add-disk", Kata.disk(volume))).answer();
            assertThat(plugged.status()).as(plugged.body()).isEqualTo(200);
            assertThat(api.send(Kata.put("vmm.shutdown", "")).answer()).isEqualTo(new Wire.Answer(200, ""));
        }
        awaitEnd();
        try (Stream<Path> left = Files.list(run.resolve("ringfence"))) {
            assertThat(left).noneMatch(path -> path.getFileName().toString().startsWith("vm-"));
        }
    }

    /** Who has started it can help. */
    @Test
    void aUserWithoutAFolderIsToldWhatToDo() throws Exception {
        startVmm(directory); // root's
        try (Wire api = Wire.to(socket, Kata.CREATE_MILLIS)) {
            done(api, Kata.put("vm.create", body()));
            Wire.Answer refused = api.send(Kata.put("vm.boot", "")).answer();
            assertThat(refused.status()).isEqualTo(500);
            assertThat(refused.body())
                    .contains("cannot make the runtime directory: " + directory.resolve("ringfence")
                            + ": permission denied: set XDG_RUNTIME_DIR");
            assertThat(api.send(Kata.put("vmm.shutdown", "")).answer()).isEqualTo(new Wire.Answer(200, ""));
        }
        awaitEnd();
    }

    private String body() throws IOException {
        return Kata.vm(
                run,
                owned(Files.write(run.resolve("image"), new byte[1 << 20])),
                owned(Files.write(run.resolve("kernel"), TinyKernel.halting())));
    }

    private static void done(Wire api, String request) {
        assertThat(api.send(request).answer()).as(request).isEqualTo(new Wire.Answer(204, ""));
    }

    private static String status(long process) {
        try {
            return Files.readString(Path.of("/proc/" + process + "/status"));
        } catch (IOException _) {
            return ""; // it has ended
        }
    }

    /** The user's processes, but for those that have ended and nobody has taken leave of. */
    private static List<String> ofUser() {
        return ProcessHandle.allProcesses()
                .map(process -> status(process.pid()))
                .filter(status -> status.contains("\nUid:\t" + USER + "\t") && !status.contains("\nState:\tZ"))
                .toList();
    }
}
