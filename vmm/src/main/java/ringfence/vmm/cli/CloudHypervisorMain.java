package ringfence.vmm.cli;

import java.util.List;
import ringfence.linux.Linux;
import ringfence.process.Program;

/** The program {@code cloud-hypervisor}. */
public final class CloudHypervisorMain {
    private CloudHypervisorMain() {}

    /** Runs it, and ends the process with its exit code. */
    public static void main(String[] words) {
        Program.main(
                "cloud-hypervisor",
                () -> new CloudHypervisorCommand(Linux.system(), MachineRunner::run, System.out).run(List.of(words)));
    }
}
