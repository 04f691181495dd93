package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.KvmHosts;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.linux.Linux;
import ringfence.sandbox.FileRules;

/**
 * What a daemon's box keeps it from, on this machine's kernel and on Debian's: a probe in its place, {@code probe.c}, tries.
 * All files that it tries are writable for everybody, so that it is the box that denies them.
 */
class BoxTest {
    private static final List<String> AS_NOBODY =
            List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
    private static final Duration LONG = Duration.ofMinutes(3);

    /** Landlock's version from which on it denies signals to those outside: Linux 6.12. */
    private static final int SIGNALS = 6;

    private static final String EXPECTED = """
        exec_program EACCES
        new_process ok
        read_outside EACCES
        write_outside EACCES
        truncate_outside SIGSYS
        create_outside EACCES
        create_in_tmp EACCES
        unlink_outside EACCES
        link_outside SIGSYS
        chmod_outside SIGSYS
        list_outside EACCES
        read_passwords EACCES
        device EACCES
        make_device SIGSYS
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
        listener_of_ours ok
        socket_of_other EAFNOSUPPORT
        trace SIGSYS
        read_peer SIGSYS
        signal_peer SIGSYS
        signal_thread_of_peer EPERM
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
        namespaces []
        ended OptionalInt[0]
        """;

    private static final String NO_NAMESPACES = "namespaces []";

    /** To one that has a tree of files of its own, whatever else there is on the host. */
    private static final String IN_A_TREE = """
        exec_program ENOENT
        read_outside ENOENT
        write_outside ENOENT
        create_outside ENOENT
        create_in_tmp EROFS
        unlink_outside ENOENT
        read_passwords ENOENT
        device ENOENT
        kernel_setting EROFS
        """;

    /** What is denied beside, or in another way, to a daemon that serves. */
    private static final String SERVING = """
        exec_program SIGSYS
        new_process SIGSYS
        signal_thread_of_peer SIGSYS
        listener_of_ours SIGSYS
        """;

    /** To one that needs no files from then on. */
    private static final String WITHOUT_FILES = """
        read_outside EACCES
        write_outside EACCES
        create_outside EACCES
        create_in_tmp EACCES
        read_passwords EACCES
        device EACCES
        kernel_setting EACCES
        own_read EACCES
        own_write EACCES
        null_write EACCES
        random_read EACCES
        """;

    @TempDir
    Path work;

    @Test
    void ofRoot() throws Exception {
        assumeThat(Linux.system().processes().effectiveUser()).isZero();
        try (KvmHost here = withLandlock()) {
            ofRoot(probes(here, product(), List.of()));
        }
    }

    @Test
    void ofAnOrdinaryUser() throws Exception {
        boolean root = Linux.system().processes().effectiveUser() == 0;
        try (KvmHost here = withLandlock()) {
            ofUser(probes(here, product(), root ? AS_NOBODY : List.of()));
        }
    }

    @Test
    @OnKvmHost
    void onLinux61(KvmHost host) throws Exception {
        onDebian(host, 2);
    }

    @Test
    @OnKvmHost(kernel = "6.12", cpus = 1)
    void onLinux612(KvmHost host) throws Exception {
        onDebian(host, SIGNALS);
    }

    private void onDebian(KvmHost host, int landlock) throws Exception {
        assumeThat(KvmHosts.isLocal()).as("no kernel of Debian's of our own").isFalse();
        Seen ofRoot = probes(host, host.places().product(), List.of());
        assertThat(ofRoot.landlock()).isEqualTo(landlock);
        ofRoot(ofRoot);
        ofUser(probes(host, host.places().product(), AS_NOBODY));
    }

    private static KvmHost withLandlock() {
        assumeThat(Linux.system().confinement().landlockAbi())
                .as("Landlock of this kernel")
                .isGreaterThanOrEqualTo(FileRules.LEAST_ABI);
        return new LocalHost(Checkout.find());
    }

    private static String product() {
        return Checkout.find().product().toString();
    }

    private static void ofRoot(Seen seen) {
        // Landlock has no right to change attributes
        folderIsAs(seen, "namespaces [net, ipc]", "chmod_outside ok", "by_handle ESTALE");
        disksAndNetworksAreAs(
                seen, IN_A_TREE + "namespaces [mnt, net, ipc]", IN_A_TREE + "namespaces [mnt, ipc]", "own_write EROFS");
    }

    private static void ofUser(Seen seen) {
        folderIsAs(seen, NO_NAMESPACES, "chmod_outside EPERM", "by_handle EPERM");
        disksAndNetworksAreAs(seen, NO_NAMESPACES, NO_NAMESPACES, "own_write EACCES");
    }

    private static void folderIsAs(Seen seen, String namespaces, String chmod, String handle) {
        String lines = String.join("\n", namespaces, "link_outside EACCES", "make_device EACCES", chmod, handle);
        String readonly = "own_write EACCES";
        assertThat(seen.of("folder")).isEqualTo(seen.table(lines));
        assertThat(seen.of("read-only folder")).isEqualTo(seen.table(lines, readonly));
        assertThat(seen.of("folder, serving")).isEqualTo(seen.table(lines, SERVING));
        assertThat(seen.of("read-only folder, serving")).isEqualTo(seen.table(lines, SERVING, readonly));
    }

    private static void disksAndNetworksAreAs(Seen seen, String namespaces, String ofTap, String readOnly) {
        assertThat(seen.of("disk")).isEqualTo(seen.table(namespaces, "ring EFAULT"));
        assertThat(seen.of("read-only disk")).isEqualTo(seen.table(namespaces, "ring EFAULT", readOnly));
        assertThat(seen.of("network")).isEqualTo(seen.table(namespaces));
        assertThat(seen.of("tap with an address")).isEqualTo(seen.table(ofTap, "inet_datagram ok"));
        assertThat(seen.of("switch")).isEqualTo(seen.table(namespaces, "socket_of_other ECONNREFUSED"));
        for (String disk : List.of("disk", "read-only disk")) {
            assertThat(seen.of(disk + ", serving"))
                    .isEqualTo(seen.table(namespaces, SERVING, WITHOUT_FILES, "ring EFAULT"));
        }
        for (String network : List.of("network", "switch")) {
            assertThat(seen.of(network + ", serving")).isEqualTo(seen.table(namespaces, SERVING, WITHOUT_FILES));
        }
        assertThat(seen.of("tap with an address, serving")).isEqualTo(seen.table(ofTap, SERVING, WITHOUT_FILES));
        assertThat(seen.boxes()).hasSize(14);
    }

    /**
     * What the probes say.
     *
     * @param landlock the kernel's version of it
     * @param boxes the lines of the one in each kind of box
     */
    private record Seen(int landlock, Map<String, List<String>> boxes) {
        List<String> of(String kind) {
            return boxes.get(kind);
        }

        /** The table, with these lines in place of its own. */
        List<String> table(String... others) {
            Map<String, String> lines = new LinkedHashMap<>();
            EXPECTED.lines().forEach(line -> lines.put(attempt(line), line));
            if (landlock < SIGNALS) {
                lines.put("signal_thread_of_peer", "signal_thread_of_peer ok");
            }
            Stream.of(others).flatMap(String::lines).forEach(line -> {
                assertThat(lines).containsKey(attempt(line));
                lines.put(attempt(line), line);
            });
            return List.copyOf(lines.values());
        }

        private static String attempt(String line) {
            return line.substring(0, line.indexOf(' '));
        }
    }

    /** What the probes say there, started by whom these words make of root. */
    private Seen probes(KvmHost host, String product, List<String> user) throws Exception {
        String folder = host.script("""
            cd "$(mktemp -d /tmp/ringfence-box-XXXXXX)"
            mkdir outside own classes
            chmod 777 . outside own
            : >outside/file
            : >own/file
            : >own/fence
            chmod 666 */f*
            pwd\
            """).text();
        try {
            byte[] probe = compiled();
            for (String program : List.of("probe", "outside/file.program")) {
                host.write(folder + "/" + program, probe);
                host.run("chmod", "755", folder + "/" + program);
            }
            String main = BoxedProbes.class.getName();
            String classFile = folder + "/classes/" + main.replace('.', '/') + ".class";
            host.run("mkdir", "-p", classFile.substring(0, classFile.lastIndexOf('/')));
            host.write(classFile, resource("/" + main.replace('.', '/') + ".class"));
            List<String> words = new ArrayList<>(user);
            words.addAll(List.of(
                    product + "/lib/runtime/bin/java",
                    "--add-modules=ringfence.vmm",
                    "--add-exports=ringfence.vmm/ringfence.vmm.supervise=ALL-UNNAMED",
                    "--enable-native-access=ringfence.protocol",
                    "-cp",
                    folder + "/classes",
                    main,
                    product,
                    folder + "/probe",
                    folder));
            return parsed(host.run(LONG, Command.of().with(words)).orThrow().out());
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    private static Seen parsed(String said) {
        List<String> lines = said.lines().toList();
        Map<String, List<String>> boxes = new LinkedHashMap<>();
        List<String> last = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            if (line.startsWith("= ")) {
                last = new ArrayList<>();
                boxes.put(line.substring(2), last);
            } else {
                last.add(line);
            }
        }
        return new Seen(Integer.parseInt(lines.getFirst()), boxes);
    }

    private byte[] compiled() throws Exception {
        Path source = Files.write(work.resolve("probe.c"), resource("/probe/probe.c"));
        Path program = work.resolve("probe");
        Process compiler = new ProcessBuilder("cc", "-o", program.toString(), source.toString())
                .inheritIO()
                .start();
        assertThat(compiler.waitFor()).isZero();
        return Files.readAllBytes(program);
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = BoxTest.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        }
    }
}
