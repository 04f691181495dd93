package ringfence.vmm.cli;

import java.util.List;
import ringfence.linux.Linux;
import ringfence.process.Program;

/** The program {@code ch-remote}. */
public final class ChRemoteMain {
    private ChRemoteMain() {}

    /** Runs it, and ends the process with its exit code. */
    public static void main(String[] words) {
        Program.main("ch-remote", () -> new ChRemoteCommand(Linux.system(), System.out).run(List.of(words)));
    }
}
