package ringfence.journal.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;
import ringfence.journal.Rings;
import ringfence.journal.store.Store;
import ringfence.linux.Linux;

/** Where rings and queues are: options of both commands. */
final class Folders {
    @Option(
            names = "--rings",
            paramLabel = "DIR",
            description = "Where the VMMs' rings are (journal/ in /run/ringfence or $XDG_RUNTIME_DIR/ringfence).")
    private String rings;

    @Option(
            names = "--store",
            paramLabel = "DIR",
            description = "Where the queues are (/var/lib/ringfence/journal or ~/.local/state/ringfence/journal).")
    private String store;

    Path rings(Linux linux) {
        return Rings.folder(
                        linux.processes().effectiveUser(), rings != null ? rings : System.getenv(Rings.VARIABLE))
                .orElseThrow(() -> new IllegalArgumentException(
                        Rings.VARIABLE + " is none: VMMs record nothing, name their folder with --rings"));
    }

    Path store(Linux linux) {
        return store != null
                ? Path.of(store)
                : Store.folder(linux.processes().effectiveUser(), System.getenv("XDG_STATE_HOME"));
    }
}
