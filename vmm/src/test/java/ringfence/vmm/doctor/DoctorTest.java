package ringfence.vmm.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Errno;
import ringfence.linux.FaultInjector;
import ringfence.linux.Linux;
import ringfence.linux.NativeKernel;
import ringfence.linux.Syscall;
import ringfence.vmm.doctor.Finding.Verdict;

/** Each finding follows what is there: the host is made of files, the kernel's answers are injected. */
class DoctorTest {
    @TempDir
    Path root;

    private final FaultInjector kernel = new FaultInjector(new NativeKernel());
    private final Linux linux = new Linux(kernel);

    private void file(String name, String text) throws Exception {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private Map<String, Finding> findings() {
        return Doctor.look(new Host(linux, root)).stream()
                .collect(Collectors.toMap(Finding::name, Function.identity()));
    }

    private Finding finding(String name) {
        return findings().get(name);
    }

    @Test
    void everythingHasOneLineAndNothingIsMissing() {
        List<Finding> all = Doctor.look(Linux.system());
        assertThat(all)
                .extracting(Finding::name)
                .containsExactly(
                        "kvm",
                        "nesting",
                        "tun",
                        "vhost",
                        "hugepages",
                        "cgroups",
                        "iommu",
                        "nofile",
                        "nproc",
                        "memlock",
                        "landlock",
                        "seccomp",
                        "daemon-boxes",
                        "user-namespaces",
                        "io_uring",
                        "jdk");
        assertThat(all).allSatisfy(finding -> {
            assertThat(finding.line()).hasLineCount(1);
            assertThat(finding.remedy().isEmpty()).isEqualTo(finding.verdict() == Verdict.OK);
        });
    }

    @Test
    void withoutKvmNoVmRuns() throws Exception {
        assertThat(finding("kvm").verdict()).isEqualTo(Verdict.FAIL);
        assertThat(finding("kvm").remedy()).contains("modprobe");
        file("dev/kvm", "no device");
        assertThat(finding("kvm").verdict()).isEqualTo(Verdict.FAIL);
        assertThat(finding("kvm").found()).contains("is not KVM");
        kernel.fail(Syscall.OPENAT, Errno.EACCES);
        assertThat(finding("kvm").remedy()).contains("usermod -aG kvm");
    }

    @Test
    void anOrdinaryUserIsToldWhatItsDaemonsShare() {
        kernel.fail(Syscall.GETEUID, Errno.EPERM); // another number than root's
        assertThat(finding("daemon-boxes").verdict()).isEqualTo(Verdict.WARN);
        assertThat(finding("daemon-boxes").line()).contains("share its tree of files, network and IPC");
    }

    @Test
    void limitsAreTheHardOnes() throws Exception {
        file("proc/self/limits", """
            Limit                     Soft Limit           Hard Limit           Units
            Max processes             100                  100                  processes
            Max open files            1024                 1048576              files
            Max locked memory         8388608              unlimited            bytes
            """);
        Map<String, Finding> found = findings();
        assertThat(found.get("nproc").verdict()).isEqualTo(Verdict.WARN);
        assertThat(found.get("nproc").line()).startsWith("warn  nproc            100 threads and processes");
        assertThat(found.get("nofile").verdict()).isEqualTo(Verdict.OK);
        assertThat(found.get("memlock").verdict()).isEqualTo(Verdict.OK);
    }

    @Test
    void aGroupIsMadeToSeeWhetherOneCanBe() throws Exception {
        assertThat(finding("cgroups").found()).contains("no version 2");
        file("sys/fs/cgroup/cgroup.controllers", "cpu memory");
        file("proc/self/cgroup", "0::/user.slice\n");
        assertThat(finding("cgroups").verdict()).isEqualTo(Verdict.WARN);
        Files.createDirectory(root.resolve("sys/fs/cgroup/user.slice"));
        assertThat(finding("cgroups").verdict()).isEqualTo(Verdict.OK);
        assertThat(root.resolve("sys/fs/cgroup/user.slice")).isEmptyDirectory();
    }

    @Test
    void devicesAreOpened() throws Exception {
        assertThat(finding("tun").remedy()).contains("modprobe tun");
        file("dev/net/tun", "");
        file("proc/self/status", "Name:\tx\nCapEff:\t0000000000001000\n");
        assertThat(finding("tun").verdict()).isEqualTo(Verdict.OK);
        file("proc/self/status", "Name:\tx\nCapEff:\t0000000000000fff\n");
        assertThat(finding("tun").remedy()).contains("ip tuntap add");
        assertThat(finding("vhost").found()).contains("none is needed");
        file("dev/vhost-net", "");
        assertThat(finding("vhost").found()).isEqualTo("/dev/vhost-net open");
        kernel.fail(Syscall.OPENAT, Errno.EACCES);
        assertThat(finding("vhost").verdict()).isEqualTo(Verdict.WARN);
        assertThat(finding("tun").found()).contains("/dev/net/tun: ");
    }

    @Test
    void theKernelsRefusalsAreTold() throws Exception {
        kernel.fail(Syscall.LANDLOCK_CREATE_RULESET, Errno.ENOTSUP);
        kernel.fail(Syscall.IO_URING_SETUP, Errno.EPERM);
        kernel.fail(Syscall.MMAP, Errno.ENOMEM);
        Map<String, Finding> found = findings();
        assertThat(found.get("landlock").found()).contains("it is off");
        assertThat(found.get("io_uring").found()).contains("EPERM");
        assertThat(found.get("hugepages").verdict()).isEqualTo(Verdict.WARN);
        assertThat(found.get("seccomp").verdict()).isEqualTo(Verdict.WARN);
        file("proc/sys/kernel/seccomp/actions_avail", "kill_process errno\n");
        assertThat(finding("seccomp").verdict()).isEqualTo(Verdict.OK);
        assertThat(finding("iommu").verdict()).isEqualTo(Verdict.WARN);
        Files.createDirectories(root.resolve("sys/kernel/iommu_groups/0"));
        assertThat(finding("iommu").verdict()).isEqualTo(Verdict.OK);
    }
}
