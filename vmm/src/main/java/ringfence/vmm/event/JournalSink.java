package ringfence.vmm.event;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import ringfence.journal.RingWriter;
import ringfence.journal.Rings;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;
import ringfence.process.Log;

/** Records events in the VMM's ring. Nobody waits, and nothing is allocated for it. */
public final class JournalSink implements EventSink, AutoCloseable {
    private static final Log LOG = Log.of("journal");

    private final Linux linux;
    private final Path folder;
    private final RingWriter ring;

    private JournalSink(Linux linux, Path folder, RingWriter ring) {
        this.linux = linux;
        this.folder = folder;
        this.ring = ring;
    }

    /**
     * Makes a ring where those of this user are; empty: there shall be none, or there can be none, as the log says then. A VM
     * runs as well without.
     *
     * @param apiSocket where the API is served, so that the VM may be found by it
     */
    public static Optional<JournalSink> open(Linux linux, Optional<String> apiSocket) {
        return folder(linux).flatMap(path -> open(linux, path, apiSocket));
    }

    /** Where the rings of this user are; empty: nobody wants them. */
    public static Optional<Path> folder(Linux linux) {
        return Rings.folder(linux.processes().effectiveUser(), System.getenv(Rings.VARIABLE));
    }

    private static Optional<JournalSink> open(Linux linux, Path folder, Optional<String> apiSocket) {
        String label = apiSocket
                .map(socket -> Path.of(socket).toAbsolutePath().toString())
                .orElse("");
        try {
            return Optional.of(new JournalSink(linux, folder, RingWriter.create(linux, folder, label)));
        } catch (IOException | ErrnoException e) {
            LOG.info(folder + ": what happens is not kept, for no ring can be made: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Removes, some time, what too many dead VMMs have left. */
    public void prune() {
        try {
            Rings.prune(linux, folder);
        } catch (IOException | ErrnoException e) {
            LOG.debug(() -> folder + ": old rings stay: " + e.getMessage());
        }
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void tell(Event event) {
        EventForm form = event.form();
        ring.record(form.source(), form.name(), form.properties());
    }

    @Override
    public void close() {
        ring.close();
    }
}
