package ringfence.vmm.cli;

import java.util.List;
import ringfence.linux.Linux;
import ringfence.process.Program;

/** The program {@code ringfence}. */
public final class RingfenceMain {
    private RingfenceMain() {}

    /** Runs it, and ends the process with its exit code. */
    public static void main(String[] words) {
        Program.main(
                "ringfence",
                () -> new RingfenceCommand(Linux.system(), MachineRunner::run, System.out).run(List.of(words)));
    }
}
