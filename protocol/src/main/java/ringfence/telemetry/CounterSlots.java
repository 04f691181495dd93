package ringfence.telemetry;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersReader;

/** The places of a file's counters, and whose each is. One thread at a time. */
final class CounterSlots {
    private record Key(String owner, String label, CounterKind kind, long bound) {}

    private final UnsafeBuffer metadata;
    private final UnsafeBuffer values;
    private final Map<Key, AtomicCounter> given = new HashMap<>();
    private final Map<Key, AtomicCounter> left = new HashMap<>(); // by a predecessor, and not asked for yet
    private final Queue<Integer> free = new ArrayDeque<>();

    /**
     * Those of a file, with what is in it.
     *
     * @throws IndexOutOfBoundsException if what is in it makes no sense
     */
    CounterSlots(UnsafeBuffer metadata, UnsafeBuffer values) {
        this.metadata = metadata;
        this.values = values;
        for (int id = 0; id < values.capacity() / CountersReader.COUNTER_LENGTH; id++) {
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
        if (free.isEmpty() && !left.isEmpty()) {
            free.add(left.remove(left.keySet().iterator().next()).id());
        }
        Integer id = free.poll();
        if (id == null) {
            throw new IllegalStateException("no room for " + label + " beside " + given.size() + " counters");
        }
        return id;
    }

    void forget(String owner) {
        given.entrySet().removeIf(entry -> {
            boolean gone = entry.getKey().owner().equals(owner);
            if (gone) {
                int id = entry.getValue().id();
                metadata.putIntRelease(CountersReader.metaDataOffset(id), CountersReader.RECORD_RECLAIMED);
                free.add(id);
            }
            return gone;
        });
    }
}
