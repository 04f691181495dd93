package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.TinyKernel;
import ringfence.vmm.plan.MemoryMap;

/** What the built VMM asks of KVM, as strace sees it. */
class KvmSetUpTest {
    private static final Duration LONG = Duration.ofSeconds(120);

    private static final String UNFINISHED = " <unfinished ...>";
    private static final String RESUMED = " resumed>";

    @TempDir
    Path directory;

    /** Intel hosts without unrestricted guests need both, and take neither once there is a vCPU. */
    @Test
    void whatOnlyIntelNeedsIsSetBeforeTheFirstVcpu() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Path kernel = Files.write(directory.resolve("off"), TinyKernel.poweringOff());
        Path trace = directory.resolve("trace");
        Checkout checkout = Checkout.find();
        try (KvmHost host = new LocalHost(checkout)) {
            host.run(
                            LONG,
                            Command.of("strace", "-f", "--seccomp-bpf", "-e", "trace=ioctl", "-e", "signal=none")
                                    .with("-o", trace.toString())
                                    .with(checkout.product()
                                            .resolve("bin/cloud-hypervisor")
                                            .toString())
                                    .with("--kernel", kernel.toString(), "--cpus", "boot=2")
                                    .with("--serial", "null", "--console", "off")
                                    .variable("RINGFENCE_ANY_KVM", "1"))
                    .orThrow();
        }
        List<String> calls = whole(Files.readAllLines(trace)).stream()
                .filter(line -> line.matches(".*KVM_(SET_TSS_ADDR|SET_IDENTITY_MAP_ADDR|CREATE_VCPU|RUN)\\b.*"))
                .toList();
        assertThat(calls.get(0))
                .matches(".*KVM_SET_TSS_ADDR, 0x" + Long.toHexString(MemoryMap.KVM_TSS.base()) + "\\)\\s+= 0");
        assertThat(calls.get(1)).matches(".*KVM_SET_IDENTITY_MAP_ADDR, 0x[0-9a-f]+\\)\\s+= 0");
        assertThat(calls.get(2)).contains("KVM_CREATE_VCPU");
        assertThat(calls.get(3)).contains("KVM_CREATE_VCPU");
        assertThat(calls.get(4)).contains("KVM_RUN");
    }

    /** Each call as one line: strace writes it as two where another thread's comes between. In the order of their beginnings. */
    private static List<String> whole(List<String> lines) {
        List<String> calls = new ArrayList<>();
        Map<String, Integer> begun = new HashMap<>();
        for (String line : lines) {
            String thread = line.substring(0, line.indexOf(' '));
            int resumed = line.indexOf(RESUMED);
            if (line.endsWith(UNFINISHED)) {
                begun.put(thread, calls.size());
                calls.add(line.substring(0, line.length() - UNFINISHED.length()));
            } else if (resumed >= 0) {
                calls.set(begun.get(thread), calls.get(begun.get(thread)) + line.substring(resumed + RESUMED.length()));
            } else {
                calls.add(line);
            }
        }
        return calls;
    }
}
