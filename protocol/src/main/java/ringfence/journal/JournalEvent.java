package ringfence.journal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a record says. Whoever wrote it may lie: texts are any chars.
 *
 * @param nanos since the ring was made
 * @param millis since 1970
 * @param lostBefore how many records before this one were dropped
 * @param source who tells it; empty: nothing, but that records were dropped
 * @param name what has happened
 * @param properties of it
 */
public record JournalEvent(
        long nanos, long millis, long lostBefore, String source, String name, SortedMap<String, String> properties) {
    /** The source of what Cloud Hypervisor does not have. */
    public static final String OURS = "ringfence";

    /** The event that says how many others are missing. */
    public static final String LOST = "events-lost";

    /** Reads a record. One that breaks the rules is an event of that name. */
    public static JournalEvent of(byte[] record) {
        ByteBuffer in = ByteBuffer.wrap(record).order(ByteOrder.nativeOrder());
        if (record.length < JournalLayout.TEXTS_AT) {
            return unreadable(0, 0, 0);
        }
        long nanos = in.getLong(JournalLayout.NANOS_AT);
        long millis = in.getLong(JournalLayout.MILLIS_AT);
        long lost = Math.max(0, in.getLong(JournalLayout.RECORD_LOST_AT));
        in.position(JournalLayout.TEXTS_AT);
        try {
            String source = in.hasRemaining() ? text(in) : "";
            String name = in.hasRemaining() ? text(in) : "";
            SortedMap<String, String> properties = new TreeMap<>();
            while (in.hasRemaining()) {
                properties.put(text(in), text(in));
            }
            return new JournalEvent(nanos, millis, lost, source, name, properties);
        } catch (MalformedException _) {
            return unreadable(nanos, millis, lost);
        }
    }

    private static JournalEvent unreadable(long nanos, long millis, long lost) {
        return new JournalEvent(nanos, millis, lost, OURS, "unreadable-record", new TreeMap<>());
    }

    /** The text at the begin of what anybody has written; empty: there is none. */
    static String firstText(byte[] bytes) {
        try {
            return text(ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()));
        } catch (MalformedException _) {
            return "";
        }
    }

    private static String text(ByteBuffer in) throws MalformedException {
        if (in.remaining() < Short.BYTES) {
            throw new MalformedException();
        }
        int count = Short.toUnsignedInt(in.getShort());
        if (count > JournalLayout.MAX_CHARS || count * Character.BYTES > in.remaining()) {
            throw new MalformedException();
        }
        char[] chars = new char[count];
        in.asCharBuffer().get(chars);
        in.position(in.position() + count * Character.BYTES);
        return new String(chars);
    }

    /** A record that says nothing, but that so many were dropped before it. */
    public static byte[] lost(long nanos, long millis, long count) {
        return ByteBuffer.allocate(JournalLayout.TEXTS_AT)
                .order(ByteOrder.nativeOrder())
                .putLong(nanos)
                .putLong(millis)
                .putLong(count)
                .array();
    }

    /** Has a record say that so many more were dropped before it. */
    public static void addLost(byte[] record, long count) {
        ByteBuffer in = ByteBuffer.wrap(record).order(ByteOrder.nativeOrder());
        if (record.length >= JournalLayout.TEXTS_AT) {
            in.putLong(JournalLayout.RECORD_LOST_AT, in.getLong(JournalLayout.RECORD_LOST_AT) + count);
        }
    }

    private static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
