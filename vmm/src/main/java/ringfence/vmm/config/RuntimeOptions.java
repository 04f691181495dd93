package ringfence.vmm.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringfence.sandbox.FilterMode;

/**
 * How the VMM behaves, beside what the machine is.
 *
 * @param home the installed tree, in which the daemons are found
 * @param noShutdown the VMM lives on after the guest has powered off
 * @param filters what becomes of a system call that a daemon must not make
 * @param users of whom each daemon gets one for itself; empty: they are ours
 * @param landlock what it may reach beside what it was told of at its start; empty: it is not confined
 */
public record RuntimeOptions(
        Path home,
        boolean noShutdown,
        FilterMode filters,
        Optional<UserRange> users,
        Optional<List<LandlockRule>> landlock) {
    /** A program of the tree. */
    public Path program(String name) {
        return home.resolve("bin").resolve(name);
    }
}
