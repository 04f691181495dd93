package ringfence.fs.state;

import java.lang.foreign.MemorySegment;

/**
 * What one queue has begun and done last, by the request's {@code unique}: the last {@value StateLayout#LOG_ENTRIES}. A
 * queue executes one request after the other, and a successor asks for those that were in flight when its predecessor
 * ended: one that had begun, or was done and not in the used ring yet. Entries of another session are void.
 *
 * <p>It belongs to the queue's thread. Nothing allocates.
 */
public final class RequestLog {
    /** The most bytes of a logged reply. */
    public static final int MAX_REPLY = 256;

    static final int BEGUN = 1;
    static final int DONE = 2;

    /** What is known of a request. */
    public enum Past {
        /** Nothing. */
        NEW,
        /** It was intended: perhaps it had its effect, perhaps not. {@link RequestLog#fact} says what was before. */
        BEGUN,
        /** It is done: {@link RequestLog#reply} is what the guest gets. */
        DONE
    }

    private final Words words;
    private final int queue;
    /** Number of the entry that comes next; its place is this modulo the entries. */
    private long sequence;
    /** Of the session {@link #session}: no entry has a greater one. */
    private long highest = Long.MIN_VALUE;

    private long session;
    /** The entry that {@link #past} has found, or the one that {@link #intend} has written. */
    private long found;

    RequestLog(Words words, int queue) {
        this.words = words;
        this.queue = queue;
        found = StateLayout.logEntry(queue, 0);
    }

    /** What is known of this request. One compare in the usual case, in which uniques grow. */
    public Past past(long unique, int opcode) {
        if (unique > highest && words.get(StateLayout.SESSION) == session) {
            return Past.NEW;
        }
        if (words.get(StateLayout.SESSION) != session) {
            session = words.get(StateLayout.SESSION);
            highest = Long.MIN_VALUE;
        }
        long entry = find(unique, opcode);
        if (entry < 0) {
            return Past.NEW;
        }
        found = entry;
        return status(entry) == DONE ? Past.DONE : Past.BEGUN;
    }

    /**
     * Notes that a request with an effect outside of this state begins, and what was before. After BEGUN, it may be called
     * again, or not: then the facts stay as they are.
     */
    public void intend(long unique, int opcode, long a, long b, long c, long d) {
        long entry = fresh(unique, opcode);
        words.set(entry + StateLayout.LOG_FACTS, a);
        words.set(entry + StateLayout.LOG_FACTS + 1, b);
        words.set(entry + StateLayout.LOG_FACTS + 2, c);
        words.set(entry + StateLayout.LOG_FACTS + 3, d);
        words.set(entry + StateLayout.LOG_STATUS, BEGUN);
        words.set(entry + StateLayout.LOG_SESSION, session);
        found = entry;
    }

    /** A fact, 0 to 3, of the request that {@link #past} has said BEGUN of. */
    public long fact(int index) {
        if (index < 0 || index > 3) {
            throw new IndexOutOfBoundsException(index);
        }
        return words.get(found + StateLayout.LOG_FACTS + index);
    }

    /**
     * The reply of the request that {@link #past} has said DONE of.
     *
     * @param into {@value #MAX_REPLY} bytes of memory
     * @return its length; 0: the guest awaits none
     */
    public int reply(MemorySegment into) {
        int length = length(found);
        WordBytes.load(words, found + StateLayout.LOG_REPLY, into, length);
        return length;
    }

    /**
     * A part of a transaction: so much of a request is done; a successor finds it BEGUN, with that as fact 0.
     *
     * @param part of it, above that of the transaction before
     */
    void progress(UndoLog undo, long unique, int opcode, long part) {
        long entry = find(unique, opcode);
        if (entry >= 0 && status(entry) == BEGUN) {
            undo.write(entry + StateLayout.LOG_FACTS, part);
            return;
        }
        entry = fresh(unique, opcode);
        words.set(entry + StateLayout.LOG_FACTS, part);
        words.set(entry + StateLayout.LOG_STATUS, BEGUN);
        undo.write(entry + StateLayout.LOG_SESSION, session);
    }

    /** A part of a transaction: the request is done. */
    void done(UndoLog undo, long unique, int opcode, MemorySegment reply, int length) {
        long entry = find(unique, opcode);
        boolean begun = entry >= 0 && status(entry) == BEGUN;
        if (!begun) {
            entry = fresh(unique, opcode);
        }
        // what a begun entry has for a reply means nothing yet, as all does in one that is void
        WordBytes.store(words, entry + StateLayout.LOG_REPLY, reply, 0, length);
        long status = (long) length << 32 | DONE;
        if (begun) {
            undo.write(entry + StateLayout.LOG_STATUS, status);
        } else {
            words.set(entry + StateLayout.LOG_STATUS, status);
            undo.write(entry + StateLayout.LOG_SESSION, session);
        }
    }

    /** Takes the oldest entry; void, but for its key. */
    private long fresh(long unique, int opcode) {
        long current = words.get(StateLayout.SESSION);
        highest = current == session ? Math.max(highest, unique) : unique;
        session = current;
        long entry = entry(sequence);
        words.set(entry + StateLayout.LOG_SESSION, 0);
        words.set(entry + StateLayout.LOG_UNIQUE, unique);
        words.set(entry + StateLayout.LOG_OPCODE, opcode);
        words.set(entry + StateLayout.LOG_SEQUENCE, sequence++);
        return entry;
    }

    /** The latest entry of a request, or -1. */
    private long find(long unique, int opcode) {
        long current = words.get(StateLayout.SESSION);
        for (int i = 1; i <= StateLayout.LOG_ENTRIES; i++) {
            long entry = entry(sequence - i);
            if (words.get(entry + StateLayout.LOG_UNIQUE) == unique
                    && words.get(entry + StateLayout.LOG_OPCODE) == opcode
                    && words.get(entry + StateLayout.LOG_SESSION) == current) {
                return entry;
            }
        }
        return -1;
    }

    /** Reads what a predecessor has left. @return how many entries had to be dropped */
    int adopt() {
        session = words.get(StateLayout.SESSION);
        sequence = 0;
        highest = Long.MIN_VALUE;
        int dropped = 0;
        for (int i = 0; i < StateLayout.LOG_ENTRIES; i++) {
            long entry = StateLayout.logEntry(queue, i);
            long lives = words.get(entry + StateLayout.LOG_SESSION);
            long number = words.get(entry + StateLayout.LOG_SEQUENCE);
            if (lives > session || lives == session && !(isPlace(number, i) && isSane(entry))) {
                words.set(entry + StateLayout.LOG_SESSION, 0);
                dropped++;
                continue;
            }
            if (lives != session) {
                continue;
            }
            sequence = Math.max(sequence, number + 1);
            highest = Math.max(highest, words.get(entry + StateLayout.LOG_UNIQUE));
        }
        return dropped;
    }

    private static boolean isPlace(long number, int place) {
        return number >= 0 && number <= Long.MAX_VALUE / 2 && number % StateLayout.LOG_ENTRIES == place;
    }

    private boolean isSane(long entry) {
        long status = words.get(entry + StateLayout.LOG_STATUS);
        return status == BEGUN || (int) status == DONE && status >>> 32 <= MAX_REPLY;
    }

    private long entry(long number) {
        return StateLayout.logEntry(queue, (int) number & StateLayout.LOG_ENTRIES - 1);
    }

    private int status(long entry) {
        return (int) words.get(entry + StateLayout.LOG_STATUS);
    }

    private int length(long entry) {
        return (int) (words.get(entry + StateLayout.LOG_STATUS) >>> 32);
    }
}
