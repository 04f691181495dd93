package ringfence.vmm.cli;

import java.util.List;
import ringfence.linux.Linux;
import ringfence.process.Program;

/** The program {@code ringfence}. */
public final class RingfenceMain {
    private RingfenceMain() {}

    /** Runs it, and ends the process with its exit code. */
    public static void main(String[] words) {
        run(Linux.system(), List.of(words));
    }

    /** Runs it on this kernel. */
    static void run(Linux linux, List<String> words) {
        Program.main("ringfence", () -> new RingfenceCommand(linux, MachineRunner::run, System.out).run(words));
    }
}
