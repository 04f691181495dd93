package ringfence.vhostuser.link;

import java.util.Map;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;

/**
 * A page that a daemon shares with the supervisor that has started it. The daemon shows there that it gets on; the
 * supervisor only reads, and believes no more than that a number has changed.
 * <pre>
 * struct heartbeat { u64 beats; u64 stuck_millis; u64 poisoned; };   // native byte order, the rest is 0
 * </pre>
 * {@code stuck_millis}: for how long the queue has not got on that has stood still the longest. {@code poisoned}: requests
 * that were failed because two daemons had died with them. They are written before {@code beats}, with release.
 *
 * <p>The page is a sealed memfd of the supervisor's; the daemon inherits it under the number that {@value #VARIABLE} names.
 * Any thread; after {@link #close} all numbers are 0.
 */
public final class Heartbeat implements AutoCloseable {
    /** What names the descriptor in the daemon's environment. */
    public static final String VARIABLE = "RINGFENCE_HEARTBEAT_FD";
    /** Between two beats. */
    public static final long BETWEEN_MILLIS = 250;

    private static final int SIZE = 4096;
    private static final int BEATS = 0;
    private static final int STUCK = 8;
    private static final int POISONED = 16;

    private final Fd file;
    private final Mapping mapping;
    private final UnsafeBuffer words; // not to be used once the mapping is closed: guarded by this
    private boolean closed;

    private Heartbeat(Linux linux, Fd file) {
        this.file = file;
        mapping = linux.memory().map(file, 0, SIZE);
        words = new UnsafeBuffer(mapping.segment().asByteBuffer());
    }

    /** A new page, for a process that is about to be started. */
    public static Heartbeat create(Linux linux) {
        Fd file = linux.memory().memfd("heartbeat", SIZE);
        try {
            linux.memory().seal(file, Seal.SHRINK, Seal.GROW, Seal.SEAL);
            return new Heartbeat(linux, file);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * The page that the environment names; empty if it names none: nobody wants to know.
     *
     * @throws IllegalArgumentException if it names something else; one line
     */
    public static Optional<Heartbeat> inherited(Linux linux, Map<String, String> environment) {
        String number = environment.get(VARIABLE);
        if (number == null) {
            return Optional.empty();
        }
        try {
            Fd file = linux.files().takeOver(Integer.parseInt(number));
            if (linux.files().stat(file).size() == SIZE) {
                return Optional.of(new Heartbeat(linux, file));
            }
            file.close();
        } catch (ErrnoException | NumberFormatException _) {
            // said below
        }
        throw new IllegalArgumentException("$" + VARIABLE + "=" + number + " is no page of a supervisor's: unset it");
    }

    /** What the child is to inherit; stays this object's. */
    public Fd file() {
        return file;
    }

    /** The daemon lives, and this is how it gets on. For its one beating thread. */
    public synchronized void beat(long stuckMillis, long poisoned) {
        if (!closed) {
            words.putLongRelease(STUCK, stuckMillis);
            words.putLongRelease(POISONED, poisoned);
            words.putLongRelease(BEATS, words.getLong(BEATS) + 1);
        }
    }

    /** How often it has beaten; 0: not yet. */
    public long beats() {
        return read(BEATS);
    }

    /** For how long some queue has not got on, in milliseconds; 0: all do. The daemon's word. */
    public long stuckMillis() {
        return read(STUCK);
    }

    /** How many requests it has failed because two daemons had died with them. The daemon's word. */
    public long poisoned() {
        return read(POISONED);
    }

    private synchronized long read(int at) {
        return closed ? 0 : words.getLongVolatile(at);
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            mapping.close();
            file.close();
        }
    }
}
