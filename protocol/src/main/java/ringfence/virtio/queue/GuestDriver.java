package ringfence.virtio.queue;

import static ringfence.virtio.SplitLayout.DESCRIPTOR;
import static ringfence.virtio.SplitLayout.INDIRECT;
import static ringfence.virtio.SplitLayout.NEXT;
import static ringfence.virtio.SplitLayout.NO_INTERRUPT;
import static ringfence.virtio.SplitLayout.NO_NOTIFY;
import static ringfence.virtio.SplitLayout.WRITE;

import java.lang.foreign.MemorySegment;
import ringfence.memory.MemoryTable;
import ringfence.virtio.SplitLayout;
import ringfence.virtio.queue.QueueFault.Reason;

/**
 * Driver side of a split virtqueue, virtio 1.3, 2.7.13 and 2.7.14: what a guest's kernel does. One owner thread; nothing
 * here allocates, except for a fault. One object per queue.
 *
 * <pre>{@code
 * if (driver.begin(3)) {                              // room for three buffers?
 *     driver.readable(header, 16);
 *     driver.writable(data, 4096);
 *     driver.writable(status, 1);
 *     driver.offer(cookie);                           // in the available ring, not yet visible
 * }
 * if (driver.publish()) kick.signal();                // avail.idx with release, then the device's wish
 * for (int head; (head = driver.reap()) >= 0; ) use(driver.cookie(), driver.written());
 * if (driver.armInterrupt()) continue;                // one slipped in
 * }</pre>
 */
public final class GuestDriver {
    private final SplitRing ring;
    private final MemorySegment descriptors;
    private final int size;
    private final int mask;
    private final boolean eventIdx;

    private final MemorySegment tables;
    private final long tablesOffset;
    private final long tablesAddress;
    private final int tableEntries;

    /** The descriptor after this one, in its chain or in the free list: our own copy, which no device can write. */
    private final int[] next;
    /** Per head: the last descriptor of its chain; -1: not in flight. */
    private final int[] tail;

    private final long[] cookies;

    private int firstFree;
    private int free;
    private int nextAvailable;
    private int publishedAvailable;
    private int nextUsed;

    // the chain under construction
    private boolean building;
    private boolean indirect;
    private int planned;
    private int built;
    private int buildHead;
    private int buildLast;

    // the last chain reaped
    private long reapedCookie;
    private long reapedWritten;

    private GuestDriver(QueueConfig config, MemoryTable memory, long tablesAddress, int tableEntries) {
        ring = SplitRing.of(config, memory);
        descriptors = ring.descriptors();
        size = config.size();
        mask = size - 1;
        eventIdx = config.eventIdx();
        this.tablesAddress = tablesAddress;
        this.tableEntries = tableEntries;
        long bytes = (long) tableEntries * DESCRIPTOR * size;
        int region = tableEntries == 0 ? -1 : memory.find(tablesAddress, bytes);
        if (tableEntries != 0 && region < 0) {
            throw new IllegalArgumentException("indirect tables outside memory: 0x" + Long.toHexString(tablesAddress));
        }
        tables = region < 0 ? null : memory.segment(region);
        tablesOffset = region < 0 ? 0 : tablesAddress - memory.guestAddress(region);
        next = new int[size];
        tail = new int[size];
        cookies = new long[size];
        for (int i = 0; i < size; i++) {
            next[i] = i + 1;
            tail[i] = -1;
        }
        free = size;
    }

    /**
     * A driver that puts its buffers into the descriptor table. Sets the ring to zero.
     *
     * @throws QueueException if the ring's size, alignment or place is wrong
     */
    public static GuestDriver direct(QueueConfig config, MemoryTable memory) {
        return indirect(config, memory, 0, 0);
    }

    /**
     * A driver that may also use indirect tables, one per head.
     *
     * @param tables guest address of {@code size × entries × 16} bytes in one region
     * @param entries per table; chains of more than one and at most so many buffers become indirect; 0: none do
     */
    public static GuestDriver indirect(QueueConfig config, MemoryTable memory, long tables, int entries) {
        GuestDriver driver = new GuestDriver(config, memory, tables, entries);
        driver.ring.clear();
        return driver;
    }

    /**
     * Where a ring may lie: its three parts one after the other.
     *
     * @param gpa guest address, a multiple of 16
     */
    public static QueueConfig place(long gpa, int size, boolean eventIdx, boolean indirect) {
        long available = gpa + SplitLayout.descriptorBytes(size);
        return new QueueConfig(
                size, gpa, available, align(available + SplitLayout.availableBytes(size), 64), eventIdx, indirect);
    }

    /** Bytes that {@link #place} needs from its address on, a multiple of 64. */
    public static long bytes(int size) {
        long used = align(SplitLayout.descriptorBytes(size) + SplitLayout.availableBytes(size), 64);
        return align(used + SplitLayout.usedBytes(size), 64) + 64;
    }

    private static long align(long value, long to) {
        return (value + to - 1) / to * to;
    }

    /**
     * Begins a chain.
     *
     * @param buffers how many it will have, 1 to the queue's size
     * @return false if there are not descriptors enough: reap first
     */
    public boolean begin(int buffers) {
        if (building || buffers <= 0) {
            throw new IllegalStateException("building=" + building + " buffers=" + buffers);
        }
        boolean useTable = buffers > 1 && buffers <= tableEntries;
        if ((useTable ? 1 : buffers) > free) {
            return false;
        }
        indirect = useTable;
        building = true;
        planned = buffers;
        built = 0;
        buildHead = firstFree;
        buildLast = firstFree;
        return true;
    }

    /** Appends a buffer that the device reads. */
    public void readable(long gpa, int length) {
        append(gpa, length, 0);
    }

    /** Appends a buffer that the device writes. All of them come after those that it reads, 2.7.4.2. */
    public void writable(long gpa, int length) {
        append(gpa, length, WRITE);
    }

    private void append(long gpa, int length, int write) {
        if (built >= planned) {
            throw new IllegalStateException("planned=" + planned);
        }
        int number = built++;
        int flags = built < planned ? write | NEXT : write;
        if (indirect) {
            long at = tablesOffset + ((long) buildHead * tableEntries + number) * DESCRIPTOR;
            SplitRing.descriptor(tables, at, gpa, length, flags, number + 1);
        } else {
            int at = firstFree;
            firstFree = next[at];
            free--;
            buildLast = at;
            SplitRing.descriptor(descriptors, SplitRing.descriptorAt(at), gpa, length, flags, firstFree);
        }
    }

    /**
     * Ends the chain and puts it into the available ring; {@link #publish} makes it visible.
     *
     * @param cookie comes back with {@link #reap}
     * @return its head
     */
    public int offer(long cookie) {
        if (!building || built != planned) {
            throw new IllegalStateException("planned=" + planned + " built=" + built);
        }
        int head = buildHead;
        if (indirect) {
            firstFree = next[head];
            free--;
            long table = tablesAddress + (long) head * tableEntries * DESCRIPTOR;
            SplitRing.descriptor(descriptors, SplitRing.descriptorAt(head), table, built * DESCRIPTOR, INDIRECT, 0);
        }
        building = false;
        tail[head] = buildLast;
        cookies[head] = cookie;
        ring.availableEntry(nextAvailable & mask, head);
        nextAvailable = nextAvailable + 1 & 0xFFFF;
        return head;
    }

    /** Makes all chains offered visible, 2.7.13.3. Whether the device wants a kick for them, 2.7.10.1. */
    public boolean publish() {
        int now = nextAvailable;
        int old = publishedAvailable;
        if (now == old) {
            return false;
        }
        publishedAvailable = now;
        ring.availableIndexRelease(now);
        SplitRing.fullFence(); // avail.idx is visible before we look whether the device waits for it, 2.7.13.4.1
        return eventIdx
                ? SplitRing.passes(ring.availableEventOpaque(), now, old)
                : (ring.usedFlagsOpaque() & NO_NOTIFY) == 0;
    }

    /**
     * Takes back the next chain that the device has used, 2.7.14.
     *
     * @return its head; -1 if there is none now
     * @throws QueueException if the device has used what it was not given
     */
    public int reap() {
        int index = nextUsed;
        int used = ring.usedIndexAcquire();
        if (used == index) {
            return -1;
        }
        long element = ring.usedElement(index & mask);
        int head = (int) element;
        if (head < 0 || head >= size || tail[head] < 0) {
            throw new QueueException(new QueueFault(Reason.USED_NOT_IN_FLIGHT, head, -1, element), "size=" + size);
        }
        nextUsed = index + 1 & 0xFFFF;
        reapedCookie = cookies[head];
        reapedWritten = element >>> 32;
        release(head);
        return head;
    }

    /** Puts a chain's descriptors into the free list. */
    private void release(int head) {
        int last = tail[head];
        tail[head] = -1;
        int count = 1;
        for (int i = head; i != last; i = next[i]) {
            count++;
        }
        next[last] = firstFree;
        firstFree = head;
        free += count;
    }

    /** Cookie of the chain reaped last. */
    public long cookie() {
        return reapedCookie;
    }

    /** How many bytes the device says it has written into the chain reaped last. */
    public long written() {
        return reapedWritten;
    }

    /** Whether {@link #reap} would find a chain. */
    public boolean hasUsed() {
        return ring.usedIndexAcquire() != nextUsed;
    }

    /**
     * Asks for an interrupt at the next chain used, 2.7.7.1.
     *
     * @return true if one slipped in meanwhile: reap it, no interrupt may come for it
     */
    public boolean armInterrupt() {
        return armInterrupt(1);
    }

    /**
     * Asks for an interrupt when so many chains more are used. Without EVENT_IDX: at the next.
     *
     * @param chains 1 to the number in flight
     * @return true if they are used already
     */
    public boolean armInterrupt(int chains) {
        int threshold = eventIdx ? chains : 1;
        if (eventIdx) {
            ring.usedEventOpaque(nextUsed + threshold - 1 & 0xFFFF);
        } else {
            ring.availableFlagsOpaque(0);
        }
        SplitRing.fullFence();
        return (ring.usedIndexAcquire() - nextUsed & 0xFFFF) >= threshold;
    }

    /** Tells the device that interrupts are not needed. A hint. */
    public void disarmInterrupt() {
        if (!eventIdx) {
            ring.availableFlagsOpaque(NO_INTERRUPT);
        }
    }

    /** Free descriptors. */
    public int free() {
        return free;
    }

    /** Index of the next entry of the available ring, free-running 16 bits: what a back-end may be told to start from. */
    public int availableIndex() {
        return publishedAvailable;
    }

    /** Index of the next used element to be reaped, free-running 16 bits. */
    public int usedIndex() {
        return nextUsed;
    }
}
