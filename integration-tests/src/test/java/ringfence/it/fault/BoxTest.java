package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Trees;
import ringfence.linux.Linux;
import ringfence.sandbox.FileRules;

/**
 * What a daemon's box keeps it from: a probe in its place, {@code probe.c}, tries. All files that it tries are writable for
 * everybody, so that it is the box that denies them.
 */
class BoxTest {
    private static final String NOBODY = "65534";

    private static final String EXPECTED = """
        exec_program EACCES
        read_outside EACCES
        write_outside EACCES
        truncate_outside SIGSYS
        create_outside EACCES
        create_in_tmp EACCES
        unlink_outside EACCES
        link_outside EACCES
        chmod_outside SIGSYS
        list_outside EACCES
        read_passwords EACCES
        device EACCES
        make_device EACCES
        kernel_setting EACCES
        memory_of_peer EACCES
        environment_of_peer EACCES
        descriptor_of_peer EACCES
        root_of_peer EACCES
        inet EAFNOSUPPORT
        inet_datagram EAFNOSUPPORT
        inet6 EAFNOSUPPORT
        netlink EAFNOSUPPORT
        packet EAFNOSUPPORT
        vsock EAFNOSUPPORT
        socket_of_other EAFNOSUPPORT
        trace SIGSYS
        read_peer SIGSYS
        signal_peer SIGSYS
        signal_by_pidfd SIGSYS
        take_descriptor SIGSYS
        mount_call SIGSYS
        mount_object SIGSYS
        change_root SIGSYS
        user_namespace SIGSYS
        network_namespace SIGSYS
        enter_namespace SIGSYS
        bpf_call SIGSYS
        perf SIGSYS
        key SIGSYS
        new_kernel SIGSYS
        module SIGSYS
        restart SIGSYS
        page_faults SIGSYS
        clock_change SIGSYS
        ring SIGSYS
        by_handle SIGSYS
        x32_call SIGSYS
        own_read ok
        own_write ok
        null_write ok
        random_read ok
        memory_file ok
        pair ok
        ended OptionalInt[0]
        """;

    private final Linux linux = Linux.system();
    private Path folder;

    @BeforeEach
    void somethingToReachFor() throws Exception {
        assumeThat(linux.confinement().landlockAbi())
                .as("Landlock of this kernel")
                .isGreaterThanOrEqualTo(FileRules.LEAST_ABI);
        folder = Files.createTempDirectory("ringfence-box-");
        open(folder);
        for (String file : List.of("outside/file", "own/file", "own/fence")) {
            Path path = folder.resolve(file);
            open(Files.createDirectories(path.getParent()));
            Files.setPosixFilePermissions(Files.createFile(path), PosixFilePermissions.fromString("rw-rw-rw-"));
        }
        Path source = copy("/probe/probe.c", "probe.c");
        assertThat(run("cc", "-o", folder.resolve("probe").toString(), source.toString()))
                .isEmpty();
        copy("/" + name() + ".class", "classes/" + name() + ".class");
    }

    private static void open(Path directory) throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    private static String name() {
        return BoxedProbes.class.getName().replace('.', '/');
    }

    private Path copy(String resource, String to) throws IOException {
        Path file = folder.resolve(to);
        Files.createDirectories(file.getParent());
        try (InputStream in = BoxTest.class.getResourceAsStream(resource)) {
            Files.copy(in, file);
        }
        return file;
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        if (folder != null) {
            Trees.remove(folder);
        }
    }

    @Test
    void ofRoot() throws Exception {
        assumeThat(linux.processes().effectiveUser()).isZero();
        Map<String, List<String>> seen = probes();
        assertThat(seen.get("disk")).isEqualTo(expected("ring EFAULT"));
        assertThat(seen.get("read-only disk")).isEqualTo(expected("ring EFAULT", "own_write EACCES"));
        // Landlock has no right to change attributes
        assertThat(seen.get("folder")).isEqualTo(expected("chmod_outside ok", "by_handle ESTALE"));
        assertThat(seen.get("read-only folder"))
                .isEqualTo(expected("chmod_outside ok", "by_handle ESTALE", "own_write EACCES"));
        networksAreAs(seen);
    }

    @Test
    void ofAnOrdinaryUser() throws Exception {
        List<String> user = linux.processes().effectiveUser() == 0
                ? List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups")
                : List.of();
        Map<String, List<String>> seen = probes(user.toArray(String[]::new));
        assertThat(seen.get("disk")).isEqualTo(expected("ring EFAULT"));
        assertThat(seen.get("read-only disk")).isEqualTo(expected("ring EFAULT", "own_write EACCES"));
        assertThat(seen.get("folder")).isEqualTo(expected("chmod_outside EPERM", "by_handle EPERM"));
        assertThat(seen.get("read-only folder"))
                .isEqualTo(expected("chmod_outside EPERM", "by_handle EPERM", "own_write EACCES"));
        networksAreAs(seen);
    }

    private static void networksAreAs(Map<String, List<String>> seen) {
        assertThat(seen.get("network")).isEqualTo(expected());
        assertThat(seen.get("tap with an address")).isEqualTo(expected("inet_datagram ok"));
        assertThat(seen.get("switch")).isEqualTo(expected("socket_of_other ECONNREFUSED"));
        assertThat(seen).hasSize(7);
    }

    /** The table, with these lines in place of its own. */
    private static List<String> expected(String... others) {
        Map<String, String> lines = new LinkedHashMap<>();
        EXPECTED.lines().forEach(line -> lines.put(attempt(line), line));
        for (String other : others) {
            assertThat(lines).containsKey(attempt(other));
            lines.put(attempt(other), other);
        }
        return List.copyOf(lines.values());
    }

    private static String attempt(String line) {
        return line.substring(0, line.indexOf(' '));
    }

    /** What the probes say in each kind of box. */
    private Map<String, List<String>> probes(String... user) throws Exception {
        Path home = Checkout.find().product();
        String java = home.resolve("lib/runtime/bin/java").toString();
        List<String> words = new ArrayList<>(List.of(user));
        words.addAll(List.of(
                java,
                "--add-modules=ringfence.vmm",
                "--add-exports=ringfence.vmm/ringfence.vmm.supervise=ALL-UNNAMED",
                "--enable-native-access=ringfence.protocol",
                "-cp",
                folder.resolve("classes").toString(),
                BoxedProbes.class.getName(),
                home.toString(),
                folder.resolve("probe").toString(),
                folder.toString()));
        Map<String, List<String>> all = new LinkedHashMap<>();
        List<String> last = new ArrayList<>();
        for (String line : run(words.toArray(String[]::new)).lines().toList()) {
            if (line.startsWith("= ")) {
                last = new ArrayList<>();
                all.put(line.substring(2), last);
            } else {
                last.add(line);
            }
        }
        return all;
    }

    private static String run(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }
}
