package ringfence.journal.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import ringfence.journal.JournalEvent;
import ringfence.journal.RingException;
import ringfence.journal.RingReader;
import ringfence.journal.Rings;
import ringfence.journal.Step;
import ringfence.linux.Linux;

/** A ring on its way into its VM's queue. */
final class DrainedRing implements AutoCloseable {
    /** So many at a time: other VMs want their turn. */
    private static final int BATCH = 1024;

    private final String name;
    private final Path file;
    private final Path folder;
    private final RingReader ring;
    private final VmQueue queue;
    private final Consumer<String> log;
    private long position;
    private long nanos; // of the record that was taken last
    private long dropped; // since the last one in the queue
    private boolean over; // all that there was is in the queue
    private boolean broken;

    private DrainedRing(String name, Path file, Path folder, RingReader ring, VmQueue queue, Consumer<String> log) {
        this.name = name;
        this.file = file;
        this.folder = folder;
        this.ring = ring;
        this.queue = queue;
        this.log = log;
        position = ring.head();
        Optional<Entry> last = queue.last();
        if (last.isPresent() && last.get().next() > position) { // a collector was killed before it gave that back
            over = last.get().next() > ring.tail();
            position = last.get().next();
        }
    }

    /** Opens both. @throws RingException if there is no ring */
    static DrainedRing open(Linux linux, Path rings, Path store, String name, Consumer<String> log)
            throws RingException, IOException {
        Path file = Rings.file(rings, name);
        Path folder = store.resolve(name);
        RingReader ring = RingReader.open(linux, file, true);
        try {
            Store.make(folder);
            Store.label(folder, ring.label());
            return new DrainedRing(name, file, folder, ring, VmQueue.open(folder), log);
        } catch (IOException | RuntimeException e) {
            ring.close();
            throw e;
        }
    }

    String name() {
        return name;
    }

    Path folder() {
        return folder;
    }

    VmQueue queue() {
        return queue;
    }

    /**
     * Takes what is there.
     *
     * @param keep false: it is dropped and counted
     * @return whether anything was there
     */
    boolean drain(boolean keep) {
        boolean abandoned = ring.isAbandoned(); // before anything is read: nothing follows what is read then
        if (over || broken) {
            over |= abandoned;
            return false;
        }
        long before = position;
        Step step = Step.Nothing.NOTHING;
        for (int i = 0; i < BATCH; i++) {
            step = ring.at(position, abandoned);
            if (step instanceof Step.Taken(byte[] record, long next)) {
                take(record, next, keep);
            } else if (step instanceof Step.Passed(long next)) {
                position = next;
            } else {
                break;
            }
        }
        if (position != before && !ring.consume(position)) {
            fail("it does not take back what was read");
        }
        if (step instanceof Step.Broken(String why)) {
            fail(why);
        }
        if (abandoned && !(step instanceof Step.Taken || step instanceof Step.Passed)) {
            finish(keep);
        }
        return position != before;
    }

    private void take(byte[] record, long next, boolean keep) {
        nanos = JournalEvent.of(record).nanos();
        position = next;
        if (keep) {
            JournalEvent.addLost(record, dropped);
            dropped = 0;
            queue.append(new Entry(next, record));
        } else {
            dropped++;
        }
    }

    /** Takes nothing more of it. */
    void fail(String why) {
        if (!broken) {
            broken = true;
            log.accept(name + ": no more of its events are taken, its ring breaks the rules: " + why);
        }
    }

    /** The VMM is gone, and nothing is left but how many it has dropped last. */
    private void finish(boolean keep) {
        long lost = dropped + ring.lost();
        if (lost > 0 && keep) {
            queue.append(new Entry(position + 1, JournalEvent.lost(nanos, System.currentTimeMillis(), lost)));
        }
        over = true;
    }

    /** Whether the VMM is gone, and all that can be is in the queue. */
    boolean isOver() {
        return over;
    }

    /** Removes the ring. */
    void remove() throws IOException {
        Files.deleteIfExists(file);
    }

    @Override
    public void close() {
        queue.close();
        ring.close();
    }
}
