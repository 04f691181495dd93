package ringfence.virtio.queue;

import static ringfence.virtio.SplitLayout.AVAILABLE_ALIGNMENT;
import static ringfence.virtio.SplitLayout.AVAILABLE_ENTRY;
import static ringfence.virtio.SplitLayout.DESCRIPTOR;
import static ringfence.virtio.SplitLayout.DESCRIPTOR_ALIGNMENT;
import static ringfence.virtio.SplitLayout.DESCRIPTOR_LENGTH;
import static ringfence.virtio.SplitLayout.MAX_SIZE;
import static ringfence.virtio.SplitLayout.RING_ENTRIES;
import static ringfence.virtio.SplitLayout.RING_FLAGS;
import static ringfence.virtio.SplitLayout.RING_INDEX;
import static ringfence.virtio.SplitLayout.USED_ALIGNMENT;
import static ringfence.virtio.SplitLayout.USED_ENTRY;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import ringfence.memory.MemoryTable;
import ringfence.memory.OrderedStores;
import ringfence.virtio.RingFormat;
import ringfence.virtio.SplitLayout;

/**
 * The words of a split ring, one accessor per field and direction, with the memory order in its name. The only code
 * that touches the ring itself. Virtio 1.3, 2.7.
 *
 * <p>A plain access here is either covered by an acquire or release of the index that goes with it, or is a hint. A
 * value that a guest may change meanwhile is read once into a local; the Java memory model gives a local one value, so
 * what is checked is what is used.
 */
final class SplitRing {
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** Indirect tables and used elements are not aligned to 8. */
    private static final ValueLayout.OfLong LE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle WORD = LE16.varHandle().withInvokeExactBehavior();

    private final MemorySegment descriptors;
    private final MemorySegment available;
    private final MemorySegment used;
    private final long usedEventAt;
    private final long availableEventAt;

    private SplitRing(MemorySegment descriptors, MemorySegment available, MemorySegment used, int size) {
        this.descriptors = descriptors;
        this.available = available;
        this.used = used;
        usedEventAt = SplitLayout.usedEvent(size);
        availableEventAt = SplitLayout.availableEvent(size);
    }

    /**
     * Checks the place of all three parts.
     *
     * @throws QueueException if the format, the size, an alignment or a place is wrong
     */
    static SplitRing of(QueueConfig config, MemoryTable table) {
        int size = config.size();
        if (config.format() != RingFormat.SPLIT) {
            throw refused(QueueFault.Reason.BAD_FORMAT, config.format().ordinal(), config);
        }
        if (size <= 0 || size > MAX_SIZE || Integer.bitCount(size) != 1) {
            throw refused(QueueFault.Reason.BAD_SIZE, size, config);
        }
        return new SplitRing(
                part(config, table, config.descriptorTable(), SplitLayout.descriptorBytes(size), DESCRIPTOR_ALIGNMENT),
                part(config, table, config.availableRing(), SplitLayout.availableBytes(size), AVAILABLE_ALIGNMENT),
                part(config, table, config.usedRing(), SplitLayout.usedBytes(size), USED_ALIGNMENT),
                size);
    }

    private static MemorySegment part(QueueConfig config, MemoryTable table, long gpa, long bytes, int alignment) {
        if ((gpa & alignment - 1) != 0) {
            throw refused(QueueFault.Reason.BAD_ALIGNMENT, gpa, config);
        }
        int region = table.find(gpa, bytes);
        if (region < 0) {
            throw refused(QueueFault.Reason.RING_OUTSIDE_MEMORY, gpa, config);
        }
        MemorySegment part = table.segment(region).asSlice(gpa - table.guestAddress(region), bytes);
        // a region that begins in the middle of a page would make an aligned guest address a misaligned one here
        if ((part.address() & alignment - 1) != 0) {
            throw refused(QueueFault.Reason.BAD_ALIGNMENT, gpa, config);
        }
        return part;
    }

    private static QueueException refused(QueueFault.Reason reason, long value, QueueConfig config) {
        return new QueueException(new QueueFault(reason, -1, -1, value), config.toString());
    }

    /** Driver: all parts to zero, before the device knows them, 2.7.10.1. */
    void clear() {
        descriptors.fill((byte) 0);
        available.fill((byte) 0);
        used.fill((byte) 0);
    }

    /** The descriptor table, for {@link #descriptorAddress} and {@link #descriptorRest}. */
    MemorySegment descriptors() {
        return descriptors;
    }

    // ---- descriptors: written by the driver before its release of avail.idx, 2.7.13.3

    /** {@code addr} of the descriptor at byte {@code at} of a table. */
    static long descriptorAddress(MemorySegment table, long at) {
        return table.get(LE64, at);
    }

    /** {@code len} (bits 0 to 31), {@code flags} (32 to 47) and {@code next} (48 to 63) in one read. */
    static long descriptorRest(MemorySegment table, long at) {
        return table.get(LE64, at + DESCRIPTOR_LENGTH);
    }

    /** Driver: writes a whole descriptor. */
    static void descriptor(MemorySegment table, long at, long address, int length, int flags, int next) {
        table.set(LE64, at, address);
        table.set(LE64, at + DESCRIPTOR_LENGTH, length & 0xFFFF_FFFFL | (long) flags << 32 | (long) next << 48);
    }

    /** Byte offset of a descriptor in its table. */
    static long descriptorAt(int index) {
        return (long) DESCRIPTOR * index;
    }

    // ---- available ring: written by the driver

    /** Device: pairs with the driver's release of avail.idx, 2.7.13.3: entries and descriptors before it are visible. */
    int availableIndexAcquire() {
        return (short) WORD.getAcquire(available, (long) RING_INDEX) & 0xFFFF;
    }

    /** Device: after {@link #fullFence}, which orders it behind the store of avail_event, 2.7.10. */
    int availableIndexAfterFence() {
        return availableIndexAcquire();
    }

    /** Driver: publishes what was written before; pairs with {@link #availableIndexAcquire}, 2.7.13.3.1. */
    void availableIndexRelease(int index) {
        OrderedStores.release(available, RING_INDEX, (short) index);
    }

    /** Device: covered by {@link #availableIndexAcquire}. */
    int availableEntry(int slot) {
        return available.get(LE16, RING_ENTRIES + (long) AVAILABLE_ENTRY * slot) & 0xFFFF;
    }

    /** Driver: covered by {@link #availableIndexRelease}. */
    void availableEntry(int slot, int head) {
        available.set(LE16, RING_ENTRIES + (long) AVAILABLE_ENTRY * slot, (short) head);
    }

    /** Device: NO_INTERRUPT or 0, a hint, read after {@link #fullFence}, 2.7.7.2. */
    int availableFlagsOpaque() {
        return (short) WORD.getOpaque(available, (long) RING_FLAGS) & 0xFFFF;
    }

    /** Driver: see {@link #availableFlagsOpaque}. */
    void availableFlagsOpaque(int flags) {
        OrderedStores.opaque(available, RING_FLAGS, (short) flags);
    }

    /** Device: used_event, read after {@link #fullFence} behind the release of used.idx, 2.7.7.2. */
    int usedEventOpaque() {
        return (short) WORD.getOpaque(available, usedEventAt) & 0xFFFF;
    }

    /** Driver: asks for an interrupt when the element of this index is used; {@link #fullFence} follows, 2.7.7.1. */
    void usedEventOpaque(int index) {
        OrderedStores.opaque(available, usedEventAt, (short) index);
    }

    // ---- used ring: written by the device

    /** Driver: pairs with the device's release of used.idx, 2.7.8.2: elements and buffers before it are visible. */
    int usedIndexAcquire() {
        return (short) WORD.getAcquire(used, (long) RING_INDEX) & 0xFFFF;
    }

    /** Device: pairs with the driver's acquire of used.idx, 2.7.8.2: the element and the buffers come first. */
    void usedIndexRelease(int index) {
        OrderedStores.release(used, RING_INDEX, (short) index);
    }

    /** Device: {@code id} and {@code len}; covered by {@link #usedIndexRelease}. */
    void usedElement(int slot, int head, int written) {
        used.set(LE64, RING_ENTRIES + (long) USED_ENTRY * slot, (long) written << 32 | head);
    }

    /** Driver: {@code id} (bits 0 to 31) and {@code len} (32 to 63); covered by {@link #usedIndexAcquire}. */
    long usedElement(int slot) {
        return used.get(LE64, RING_ENTRIES + (long) USED_ENTRY * slot);
    }

    /** Driver: NO_NOTIFY or 0, a hint, read after {@link #fullFence}, 2.7.10.1. */
    int usedFlagsOpaque() {
        return (short) WORD.getOpaque(used, (long) RING_FLAGS) & 0xFFFF;
    }

    /** Device: see {@link #usedFlagsOpaque}. */
    void usedFlagsOpaque(int flags) {
        OrderedStores.opaque(used, RING_FLAGS, (short) flags);
    }

    /** Driver: avail_event, read after {@link #fullFence} behind the release of avail.idx, 2.7.13.4.1. */
    int availableEventOpaque() {
        return (short) WORD.getOpaque(used, availableEventAt) & 0xFFFF;
    }

    /** Device: asks for a kick when the entry of this index is available; {@link #fullFence} follows, 2.7.10.2. */
    void availableEventOpaque(int index) {
        OrderedStores.opaque(used, availableEventAt, (short) index);
    }

    /**
     * Orders a store before a later load, which acquire and release do not. Each side publishes, fences, then reads
     * what the other has published: one of them sees the other's, so no kick and no interrupt is lost.
     */
    static void fullFence() {
        VarHandle.fullFence();
    }

    /**
     * Whether moving an index from {@code old} to {@code now} passes the element that {@code event} names: vring_need_event
     * of the specification's header, on 16-bit free-running indices.
     */
    static boolean passes(int event, int now, int old) {
        return (now - event - 1 & 0xFFFF) < (now - old & 0xFFFF);
    }
}
