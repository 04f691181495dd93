package ringfence.telemetry;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersReader;

/** The places of a file's counters, and whose each is. One thread at a time. */
final class CounterSlots {
    /** What a record does by itself is put together when it is first needed: some ten classes, in each start. */
    private record Key(String owner, String label, CounterKind kind, long bound) {
        @Override
        public int hashCode() {
            return 31 * owner.hashCode() + label.hashCode();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key
                    && kind == key.kind
                    && bound == key.bound
                    && label.equals(key.label)
                    && owner.equals(key.owner);
        }
    }

    /** Sees to it that a slot that nobody has used yet has memory. */
    @FunctionalInterface
    interface Room {
        /** @throws IOException if the file system has none */
        void make(int id) throws IOException;
    }

    private final UnsafeBuffer header;
    private final UnsafeBuffer metadata;
    private final UnsafeBuffer values;
    private final Room room;
    private final Map<Key, AtomicCounter> given = new HashMap<>();
    private final Map<Key, AtomicCounter> left = new HashMap<>(); // by a predecessor, and not asked for yet
    private final Deque<Integer> free = new ArrayDeque<>(); // that were used; the last one first, for it has memory
    private int ever;

    /**
     * Those of a file, with what is in it.
     *
     * @throws IndexOutOfBoundsException if what is in it makes no sense
     */
    CounterSlots(UnsafeBuffer header, UnsafeBuffer metadata, UnsafeBuffer values, Room room) {
        this.header = header;
        this.metadata = metadata;
        this.values = values;
        this.room = room;
        ever = CountersLayout.ever(header, values.capacity() / CountersReader.COUNTER_LENGTH);
        for (int id = 0; id < ever; id++) {
            if (metadata.getInt(CountersReader.metaDataOffset(id)) == CountersReader.RECORD_ALLOCATED) {
                CountersReading.Value found = CountersReading.value(metadata, CountersReader.metaDataOffset(id), 0);
                left.put(
                        new Key(found.owner(), found.label(), found.kind(), found.bound()),
                        new AtomicCounter(values, id));
            } else {
                free.add(id);
            }
        }
    }

    /** @throws UncheckedIOException if the file system has no room */
    AtomicCounter counter(CounterType type, CounterKind kind, long bound, String owner, int index) {
        return given.computeIfAbsent(new Key(owner, type.label(), kind, bound), key -> {
            AtomicCounter old = left.remove(key);
            String label = owner + ' ' + type.label() + ' ' + type.help();
            return old != null ? old : allocate(type.id(), key, index, label);
        });
    }

    private AtomicCounter allocate(int type, Key key, int index, String label) {
        if (label.length() > CountersReader.MAX_LABEL_LENGTH) {
            throw new IllegalArgumentException("label=" + label + " max=" + CountersReader.MAX_LABEL_LENGTH);
        }
        int id = place(label);
        int at = CountersReader.metaDataOffset(id);
        metadata.putInt(at + CountersReader.TYPE_ID_OFFSET, type);
        metadata.putLong(at + CountersReader.FREE_FOR_REUSE_DEADLINE_OFFSET, CountersReader.NOT_FREE_TO_REUSE);
        metadata.putInt(at + CountersLayout.INDEX_AT, index);
        metadata.putInt(at + CountersLayout.KIND_AT, key.kind().ordinal());
        metadata.putLong(at + CountersLayout.BOUND_AT, key.bound());
        metadata.putStringAscii(at + CountersReader.LABEL_OFFSET, label);
        values.putLong(CountersReader.counterOffset(id), 0);
        metadata.putIntRelease(at, CountersReader.RECORD_ALLOCATED); // pairs with the reader's: all of it is there
        return new AtomicCounter(values, id);
    }

    /** A predecessor that counted other things has left less room. */
    private int place(String label) {
        if (free.isEmpty() && ever == values.capacity() / CountersReader.COUNTER_LENGTH) {
            if (left.isEmpty()) {
                throw new IllegalStateException("no room for " + label + " beside " + given.size() + " counters");
            }
            free.push(left.remove(left.keySet().iterator().next()).id());
        }
        return free.isEmpty() ? fresh() : free.pop();
    }

    private int fresh() {
        try {
            room.make(ever);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        header.putIntRelease(CountersLayout.EVER_AT, ever + 2); // it may be read from now on
        return ever++;
    }

    void forget(String owner) {
        given.entrySet().removeIf(entry -> {
            boolean gone = entry.getKey().owner().equals(owner);
            if (gone) {
                int id = entry.getValue().id();
                metadata.putIntRelease(CountersReader.metaDataOffset(id), CountersReader.RECORD_RECLAIMED);
                free.push(id);
            }
            return gone;
        });
    }
}
