package ringfence.net.fabric;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Which port an Ethernet address was last seen at: {@value #CAPACITY} places in buckets of {@value #WAYS}, forgotten after
 * {@value #AGE_SECONDS} s. Any thread may use it; nothing here allocates, locks or loops without a bound.
 *
 * <p>An entry is one long, the address above the port, and changes by compare-and-set; who loses a race does not learn
 * this time. No port can fill the table: each has a quota, and the bucket of an address depends on a secret number.
 *
 * <p>Times are seconds on any clock that does not go back, 0 to 2^31 - 2.
 */
public final class AddressTable {
    /** Most addresses. */
    public static final int CAPACITY = 4096;
    /** How long an address is known that is not seen again. */
    public static final int AGE_SECONDS = 300;
    /** What {@link #find} says of an unknown address. */
    public static final int NOWHERE = -1;

    private static final int WAYS = 8;
    private static final int PORT_BITS = 16;
    private static final int ALWAYS = Integer.MAX_VALUE;
    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle TIME = MethodHandles.arrayElementVarHandle(int[].class);

    private final long[] entries = new long[CAPACITY];
    private final int[] times = new int[CAPACITY];
    private final AtomicIntegerArray counts;
    private final AtomicIntegerArray swept;
    private final int quota;
    private final long secret;

    /**
     * An empty table.
     *
     * @param ports how many, 1 to 64
     * @param secret any number that guests do not know
     */
    public AddressTable(int ports, long secret) {
        counts = new AtomicIntegerArray(ports);
        swept = new AtomicIntegerArray(ports);
        quota = CAPACITY / 2 / ports;
        this.secret = secret | 1;
    }

    /** Most addresses that are learned at one port. */
    public int quota() {
        return quota;
    }

    /** The port of an address, or {@link #NOWHERE}. */
    public int find(long address, int now) {
        int bucket = bucket(address);
        for (int at = bucket; at < bucket + WAYS; at++) {
            long entry = (long) ENTRY.getAcquire(entries, at);
            if (entry >>> PORT_BITS == address && entry != 0 && !isOld(at, now)) {
                return port(entry);
            }
        }
        return NOWHERE;
    }

    /**
     * An address has been seen as the source of a frame; the last port at which it was seen has it.
     *
     * @return whether the table has it now; if not, its frames go to all ports
     */
    public boolean learn(long address, int port, int now) {
        int bucket = bucket(address);
        int free = -1;
        int own = -1;
        for (int at = bucket; at < bucket + WAYS; at++) {
            long entry = (long) ENTRY.getAcquire(entries, at);
            if (entry >>> PORT_BITS == address && entry != 0) {
                return seen(at, entry, address, port, now);
            }
            if (free < 0 && (entry == 0 || isOld(at, now))) {
                free = at;
            } else if (entry != 0 && port(entry) == port && !isFixed(at)) {
                own = at;
            }
        }
        boolean room = counts.get(port) < quota || sweep(port, now);
        int at = room && free >= 0 ? free : own;
        return at >= 0 && replace(at, (long) ENTRY.getAcquire(entries, at), entry(address, port), now);
    }

    private boolean seen(int at, long entry, long address, int port, int now) {
        if (port(entry) == port) {
            int before = (int) TIME.getOpaque(times, at);
            if (before != now && before != ALWAYS) { // mostly unchanged: other cores keep their copy of the line
                TIME.setOpaque(times, at, now);
            }
            return true;
        }
        boolean may = !isFixed(at) && (counts.get(port) < quota || sweep(port, now));
        return may && replace(at, entry, entry(address, port), now);
    }

    /** Gives an address to a port for ever. @return false if there is no room */
    boolean fix(long address, int port) {
        int bucket = bucket(address);
        for (int at = bucket; at < bucket + WAYS; at++) {
            if (replace(at, 0, entry(address, port), ALWAYS)) {
                return true;
            }
        }
        return false;
    }

    private boolean replace(int at, long old, long fresh, int now) {
        if (!ENTRY.compareAndSet(entries, at, old, fresh)) {
            return false;
        }
        TIME.setOpaque(times, at, now);
        if (old != 0) {
            counts.decrementAndGet(port(old));
        }
        if (fresh != 0) {
            counts.incrementAndGet(port(fresh));
        }
        return true;
    }

    /** Forgets what is too old at a port, at most once a second. @return whether it has room then */
    private boolean sweep(int port, int now) {
        int last = swept.get(port);
        if (last == now || !swept.compareAndSet(port, last, now)) {
            return false;
        }
        for (int at = 0; at < CAPACITY; at++) {
            long entry = (long) ENTRY.getAcquire(entries, at);
            if (entry != 0 && port(entry) == port && isOld(at, now)) {
                replace(at, entry, 0, now);
            }
        }
        return counts.get(port) < quota;
    }

    /** Forgets what was learned at a port. */
    public void forget(int port) {
        for (int at = 0; at < CAPACITY; at++) {
            long entry = (long) ENTRY.getAcquire(entries, at);
            if (entry != 0 && port(entry) == port && !isFixed(at)) {
                replace(at, entry, 0, 0);
            }
        }
    }

    /** How many addresses are known at a port, some perhaps too old. */
    public int count(int port) {
        return counts.get(port);
    }

    private boolean isOld(int at, int now) {
        int time = (int) TIME.getOpaque(times, at);
        return time != ALWAYS && now - time > AGE_SECONDS;
    }

    private boolean isFixed(int at) {
        return (int) TIME.getOpaque(times, at) == ALWAYS;
    }

    private static long entry(long address, int port) {
        return address << PORT_BITS | port;
    }

    private static int port(long entry) {
        return (int) entry & 0xFFFF;
    }

    /** First place of an address's bucket. */
    private int bucket(long address) {
        long mixed = (address ^ address >>> 23) * secret;
        mixed = (mixed ^ mixed >>> 29) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 64 - 9) * WAYS; // 512 buckets
    }
}
