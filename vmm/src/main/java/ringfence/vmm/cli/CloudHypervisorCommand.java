package ringfence.vmm.cli;

import java.io.PrintStream;
import java.util.List;
import ringfence.linux.Linux;
import ringfence.process.Version;

/** {@code cloud-hypervisor}: the command line of Cloud Hypervisor. */
final class CloudHypervisorCommand {
    /** Whose command line and API this is; tools read it to know what they may use. */
    static final String SPOKEN = "v54.0.0";

    private final RunCommand run;

    CloudHypervisorCommand(Linux linux, MachineStarter starter, PrintStream out) {
        run = new RunCommand(
                linux, starter, out, "cloud-hypervisor", "cloud-hypervisor " + SPOKEN, "Ringfence " + Version.NUMBER);
    }

    /** Runs it. @return the exit code */
    int run(List<String> words) throws Exception {
        return run.run(words);
    }
}
