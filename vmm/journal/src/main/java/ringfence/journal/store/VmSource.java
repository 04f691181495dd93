package ringfence.journal.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import ringfence.journal.JournalEvent;
import ringfence.journal.RingException;
import ringfence.journal.RingReader;
import ringfence.journal.Rings;
import ringfence.journal.Step;
import ringfence.linux.Linux;

/** The events of one VM, each once and in order, wherever they are by now: in its queue, in its ring. One thread. */
public final class VmSource implements AutoCloseable {
    private static final long NONE = -1;

    private final Linux linux;
    private final String name;
    private final Path file;
    private final Path folder;
    private VmQueue queue; // null: there is none yet
    private RingReader ring; // null: there is none any more, or it cannot be read
    private String label = "";
    private long seen = Long.MIN_VALUE; // position behind what was told last
    private long lost; // of a dead VMM, when that was told; NONE: it was not
    private JournalEvent last;

    /** A source of that VM; there need be neither queue nor ring. */
    public VmSource(Linux linux, Path rings, Path store, String name) {
        this.linux = linux;
        this.name = name;
        file = Rings.file(rings, name);
        folder = store.resolve(name);
        lost = NONE;
        openRing();
        label = ring == null ? Store.label(folder) : ring.label();
    }

    private void openRing() {
        try {
            ring = RingReader.open(linux, file, false);
        } catch (RingException _) {
            ring = null; // the journal has it all, or nobody can read it
        }
    }

    /** The VM's name. */
    public String name() {
        return name;
    }

    /** What it may be found by beside its name: the path of its API's socket; empty: it has none. */
    public String label() {
        return label;
    }

    /** The next event; empty: there is none yet. */
    public Optional<JournalEvent> poll() throws IOException {
        while (true) {
            Optional<JournalEvent> told = ofQueue();
            if (told.isPresent()) {
                return told;
            }
            if (ring == null) {
                return Optional.empty();
            }
            long begin = ring.begin();
            if (begin > seen) { // a journal took it meanwhile: it is in the queue, or was dropped
                told = ofQueue();
                if (told.isPresent()) {
                    return told;
                }
                seen = Math.max(seen, begin);
            }
            boolean abandoned = ring.isAbandoned();
            switch (ring.at(seen, abandoned)) {
                case Step.Taken(byte[] bytes, long next) -> {
                    seen = next;
                    return Optional.of(told(JournalEvent.of(bytes)));
                }
                case Step.Passed(long next) -> seen = next;
                case Step.Nothing _ -> {
                    if (ring.begin() > seen) {
                        continue;
                    }
                    return abandoned ? atItsEnd() : Optional.empty();
                }
                case Step.Broken _ -> {
                    closeRing();
                    return Optional.empty();
                }
            }
        }
    }

    /** How many a dead VMM has dropped last, where no journal will say so. */
    private Optional<JournalEvent> atItsEnd() throws IOException {
        if (!Files.exists(file)) { // a journal has taken the rest
            Optional<JournalEvent> rest = ofQueue();
            if (rest.isEmpty()) {
                closeRing();
            }
            return rest;
        }
        long count = ring.lost();
        if (count == 0 || lost == count) {
            return Optional.empty();
        }
        lost = count;
        seen++; // as the journal has it
        return Optional.of(JournalEvent.of(JournalEvent.lost(
                last == null ? 0 : last.nanos(), last == null ? 0 : last.millis(), count)));
    }

    private Optional<JournalEvent> ofQueue() throws IOException {
        if (queue == null && hasFiles()) {
            queue = VmQueue.openToRead(folder);
        }
        while (queue != null) {
            Optional<Entry> entry = queue.poll();
            if (entry.isEmpty()) {
                break;
            }
            if (entry.get().next() > seen) {
                seen = entry.get().next();
                return Optional.of(told(JournalEvent.of(entry.get().record())));
            }
        }
        return Optional.empty();
    }

    private JournalEvent told(JournalEvent event) {
        last = event;
        return event;
    }

    private boolean hasFiles() throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + VmQueue.SUFFIX)) {
            return files.iterator().hasNext();
        }
    }

    private void closeRing() {
        if (ring != null) {
            ring.close();
            ring = null;
        }
    }

    @Override
    public void close() {
        closeRing();
        if (queue != null) {
            queue.close();
        }
    }
}
