package ringfence.vmm.cli;

import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine;
import ringfence.linux.Linux;
import ringfence.process.Version;

/** {@code cloud-hypervisor}: the command line of Cloud Hypervisor. */
final class CloudHypervisorCommand {
    /** Whose command line and API this is; tools read it to know what they may use. */
    static final String SPOKEN = "v53.0.0";

    private static final String NAME = "cloud-hypervisor";
    private static final String[] VERSION = {NAME + " " + SPOKEN, "Ringfence " + Version.NUMBER};

    private final RunCommand run;

    CloudHypervisorCommand(Linux linux, MachineStarter starter, PrintStream out) {
        run = new RunCommand(linux, starter, out, NAME, VERSION);
    }

    /** Its model. */
    static CommandLine model() {
        return PicocliReader.runModel(NAME, VERSION);
    }

    /** Runs it. @return the exit code */
    int run(List<String> words) throws Exception {
        return run.run(words);
    }
}
