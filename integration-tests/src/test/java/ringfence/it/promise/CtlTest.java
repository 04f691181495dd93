package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.TinyKernel;

/** A running VMM is asked with {@code ringfence ctl}; any KVM does for a guest that only halts. */
class CtlTest {
    @TempDir
    Path directory;

    @Test
    void aRunningMachineAnswersAndEndsWhenItIsAsked() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Files.write(directory.resolve("K"), TinyKernel.halting());
        Process vmm = start("vmm", "run", "--kernel", "K", "--api-socket", "api", "--console", "off");
        try {
            while (!Files.exists(directory.resolve("api"))) {
                assertThat(vmm.isAlive()).as("the VMM: %s", text("vmm.err")).isTrue();
                Thread.sleep(20);
            }
            assertThat(ctl("ping")).isZero();
            assertThat(text("ctl")).contains("\"pid\":" + vmm.pid(), "\"version\":");
            awaitRunning();
            assertThat(ctl("shutdown-vmm")).isZero();
            assertThat(vmm.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(vmm.exitValue()).as(text("vmm.err")).isZero();
        } finally {
            vmm.destroyForcibly().waitFor();
        }
        assertThat(directory.resolve("api")).doesNotExist();
        assertThat(ctl("ping")).isEqualTo(1);
        assertThat(text("ctl.err"))
                .startsWith("ringfence: --api-socket api: nobody answers there")
                .hasLineCount(1);
    }

    @Test
    void aVmIsMadeAndEndedByHand() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Files.write(directory.resolve("K"), TinyKernel.halting());
        Files.writeString(
                directory.resolve("vm.json"), "{\"payload\":{\"kernel\":\"K\"},\"console\":{\"mode\":\"Off\"}}");
        Process vmm = start("vmm", "run", "--api-socket", "api");
        try {
            while (!Files.exists(directory.resolve("api"))) {
                assertThat(vmm.isAlive()).as("the VMM: %s", text("vmm.err")).isTrue();
                Thread.sleep(20);
            }
            assertThat(ctl("create")).isEqualTo(2);
            assertThat(text("ctl.err"))
                    .contains("create lacks the file of JSON")
                    .hasLineCount(1);
            assertThat(ctl("create", "vm.json")).isZero();
            assertThat(ctl("boot")).isZero();
            awaitRunning();
            assertThat(ctl("pause")).isZero();
            assertThat(ctl("pause")).isEqualTo(1);
            assertThat(text("ctl.err")).contains("paused already").hasLineCount(1);
            assertThat(ctl("delete")).isZero();
            assertThat(ctl("info")).isEqualTo(1);
            assertThat(text("ctl.err")).contains("there is no VM");
            assertThat(ctl("shutdown-vmm")).isZero();
            assertThat(vmm.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(vmm.exitValue()).as(text("vmm.err")).isZero();
        } finally {
            vmm.destroyForcibly().waitFor();
        }
    }

    /** The same life with Cloud Hypervisor's own words. */
    @Test
    void scriptsOfChRemoteRunUnchanged() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Files.write(directory.resolve("K"), TinyKernel.halting());
        Files.write(directory.resolve("image"), new byte[1 << 20]);
        Files.writeString(
                directory.resolve("vm.json"), "{\"payload\":{\"kernel\":\"K\"},\"console\":{\"mode\":\"Off\"}}");
        assertThat(remote("--version")).isZero();
        assertThat(text("remote")).startsWith("ch-remote v");
        assertThat(remote("--api-socket", "api", "ping")).as("nobody answers").isEqualTo(1);
        assertThat(remote("--api-socket", "api", "fly")).isEqualTo(2);
        Process vmm = Programs.start(directory, "vmm", "cloud-hypervisor", List.of("--api-socket", "api"));
        try {
            while (!Files.exists(directory.resolve("api"))) {
                assertThat(vmm.isAlive()).as("the VMM: %s", text("vmm.err")).isTrue();
                Thread.sleep(20);
            }
            assertThat(remote("--api-socket", "api", "ping"))
                    .as(text("remote.err"))
                    .isZero();
            assertThat(text("remote")).contains("\"pid\":" + vmm.pid());
            assertThat(remote("--api-socket=api", "create", "vm.json")).isZero();
            assertThat(text("remote")).isEmpty();
            assertThat(remote("--api-socket", "api", "add-disk", "path=image,id=data"))
                    .isZero();
            assertThat(remote("--api-socket", "api", "info")).isZero();
            assertThat(text("remote")).contains("\"state\":\"Created\"", "\"id\":\"data\"");
            assertThat(remote("--api-socket", "api", "remove-device", "data")).isZero();
            assertThat(remote("--api-socket", "api", "remove-device", "data")).isEqualTo(1);
            assertThat(text("remote.err")).contains("404").hasLineCount(1);
            assertThat(remote("--api-socket", "api", "add-disk", "colour=red")).isEqualTo(2);
            assertThat(remote("--api-socket", "api", "resize", "--memory", "256M"))
                    .isZero();
            assertThat(remote("--api-socket", "api", "boot")).isZero();
            assertThat(remote("--api-socket", "api", "resize", "--memory", "1G"))
                    .isEqualTo(1);
            assertThat(text("remote.err")).contains("not supported yet");
            assertThat(remote("--api-socket", "api", "counters")).isZero();
            assertThat(text("remote")).isEqualTo("{}\n");
            assertThat(remote("--api-socket", "api", "shutdown-vmm")).isZero();
            assertThat(vmm.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(vmm.exitValue()).as(text("vmm.err")).isZero();
        } finally {
            vmm.destroyForcibly().waitFor();
        }
    }

    /** The guest halts and never looks: its devices come all the same, and go when it is ended. */
    @Test
    void devicesComeAndGo() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Files.write(directory.resolve("K"), TinyKernel.halting());
        Files.write(directory.resolve("image"), new byte[1 << 20]);
        Process vmm =
                start("vmm", "run", "--kernel", "K", "--api-socket", "api", "--console", "off", "--cpus", "boot=1");
        try {
            while (!Files.exists(directory.resolve("api"))) {
                assertThat(vmm.isAlive()).as("the VMM: %s", text("vmm.err")).isTrue();
                Thread.sleep(20);
            }
            awaitRunning();
            assertThat(ctl("add-disk", "path=image,readonly=on,id=data"))
                    .as(text("ctl.err"))
                    .isZero();
            assertThat(text("ctl")).matches("\\{\"id\":\"data\",\"bdf\":\"0000:00:[0-9a-f]{2}\\.0\"}\n");
            assertThat(ctl("add-disk", "path=missing")).isEqualTo(1);
            assertThat(text("ctl.err")).contains("missing: no such file").hasLineCount(1);
            assertThat(ctl("remove-device", "data")).as(text("ctl.err")).isZero();
            assertThat(text("ctl")).as("the guest was asked").isEmpty();
            assertThat(ctl("shutdown")).isZero();
            assertThat(ctl("info")).isZero();
            assertThat(text("ctl")).contains("\"state\":\"Created\"").doesNotContain("\"id\":\"data\"");
            assertThat(ctl("shutdown-vmm")).isZero();
            assertThat(vmm.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(vmm.exitValue()).as(text("vmm.err")).isZero();
        } finally {
            vmm.destroyForcibly().waitFor();
        }
    }

    /** The launcher and the VM of Java's keep what a shell hands over; it is another number in the VMM. */
    @Test
    void aDescriptorOfAShellGoesAlong() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Files.writeString(directory.resolve("vm.json"), "{\"payload\":{\"kernel\":\"K\"}}");
        Process vmm = start("vmm", "run", "--api-socket", "api");
        try {
            while (!Files.exists(directory.resolve("api"))) {
                assertThat(vmm.isAlive()).as("the VMM: %s", text("vmm.err")).isTrue();
                Thread.sleep(20);
            }
            assertThat(ctl("create", "vm.json")).isZero();
            Process remote = Programs.startHanding(
                    directory, "remote", "/dev/zero", "ch-remote", List.of("--api-socket", "api", "add-net", "fd=7"));
            assertThat(remote.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(remote.exitValue()).as(text("remote.err")).isZero();
            assertThat(ctl("info")).isZero();
            Matcher handed = Pattern.compile("\"fds\":\\[(\\d+)]").matcher(text("ctl"));
            assertThat(handed.find()).as(text("ctl")).isTrue();
            assertThat(Files.readSymbolicLink(Path.of("/proc/" + vmm.pid() + "/fd/" + handed.group(1))))
                    .hasToString("/dev/zero");
            assertThat(ctl("shutdown-vmm")).isZero();
            assertThat(vmm.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            vmm.destroyForcibly().waitFor();
        }
    }

    private int remote(String... words) throws Exception {
        Process remote = Programs.start(directory, "remote", "ch-remote", List.of(words));
        assertThat(remote.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return remote.exitValue();
    }

    private void awaitRunning() throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        do {
            assertThat(ctl("info")).isZero();
            assertThat(System.nanoTime()).as(text("ctl")).isLessThan(deadline);
        } while (!text("ctl").contains("\"state\":\"Running\""));
    }

    private int ctl(String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of("ctl", "--api-socket", "api"));
        all.addAll(List.of(words));
        Process ctl = start("ctl", all.toArray(String[]::new));
        assertThat(ctl.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return ctl.exitValue();
    }

    private String text(String name) throws IOException {
        return Files.readString(directory.resolve(name));
    }

    private Process start(String output, String... words) throws IOException {
        return Programs.start(directory, output, "ringfence", List.of(words));
    }
}
