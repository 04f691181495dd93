package ringfence.journal.store;

import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.TailerDirection;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.rollcycles.LegacyRollCycles;

/** A VM's queue, a file per hour in which something happened. One thread. */
final class VmQueue implements AutoCloseable {
    /** Of a queue's files. */
    static final String SUFFIX = ".cq4";

    private static final DateTimeFormatter HOUR =
            DateTimeFormatter.ofPattern("yyyyMMdd-HH").withZone(ZoneOffset.UTC); // as the roll cycle has it
    private static final long BLOCK = 64 << 10;
    private static final int ROOM = 32 << 10;

    private final SingleChronicleQueue queue;
    private final ExcerptAppender appender;
    private final ExcerptTailer tailer;
    private final Bytes<?> bytes = Bytes.allocateElasticOnHeap(ROOM);

    private VmQueue(SingleChronicleQueue queue, boolean writable) {
        this.queue = queue;
        appender = writable ? queue.createAppender() : null;
        tailer = queue.createTailer();
    }

    /** Opens a queue to be appended to; it is made if there is none. */
    static VmQueue open(Path folder) {
        return new VmQueue(builder(folder).build(), true);
    }

    /** Opens a queue that is there to be read, beside whoever appends. */
    static VmQueue openToRead(Path folder) {
        return new VmQueue(builder(folder).readOnly(true).build(), false);
    }

    static SingleChronicleQueueBuilder builder(Path folder) {
        return SingleChronicleQueueBuilder.binary(folder)
                .rollCycle(LegacyRollCycles.HOURLY)
                .blockSize(BLOCK);
    }

    /** The name of the file that takes what is appended then. */
    static String fileOf(long millis) {
        return HOUR.format(Instant.ofEpochMilli(millis)) + SUFFIX;
    }

    void append(Entry entry) {
        appender.writeBytes(out -> {
            out.writeLong(entry.next());
            out.write(entry.record());
        });
    }

    /** The entry that was appended last; from then on {@link #poll} begins behind it. Empty: there is none. */
    Optional<Entry> last() {
        tailer.direction(TailerDirection.BACKWARD).toEnd();
        Optional<Entry> last = poll();
        tailer.direction(TailerDirection.FORWARD).toEnd();
        return last;
    }

    /** The next one in order; empty: there is none yet. */
    Optional<Entry> poll() {
        bytes.clear();
        if (!tailer.readBytes(bytes) || bytes.readRemaining() < Long.BYTES) {
            return Optional.empty();
        }
        long next = bytes.readLong();
        byte[] record = new byte[(int) bytes.readRemaining()];
        bytes.read(record);
        return Optional.of(new Entry(next, record));
    }

    /** Files were removed: without this, readers would look for the first one in vain. */
    void refresh() {
        queue.refreshDirectoryListing();
    }

    @Override
    public void close() {
        queue.close();
    }
}
