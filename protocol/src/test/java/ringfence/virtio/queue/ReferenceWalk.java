package ringfence.virtio.queue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.virtio.queue.QueueFault.Reason;

/**
 * What a chain is, written down a second time, slowly and from the specification: the oracle of the conformance test and
 * of the fuzz target. It shares no code with the queue: fields are read one by one, regions are searched one by one.
 */
final class ReferenceWalk {
    /** One buffer: guest address, bytes, direction. */
    record Piece(long gpa, long length, boolean write) {}

    private final MemoryTable memory;
    private final QueueConfig config;
    private final int capacity;
    private final List<Piece> pieces = new ArrayList<>();
    private Reason reason;
    private boolean wrote;
    private int count;

    ReferenceWalk(MemoryTable memory, QueueConfig config, int capacity) {
        this.memory = memory;
        this.config = config;
        this.capacity = capacity;
    }

    /** Walks; afterwards either {@link #reason} or {@link #pieces} tells what it is. */
    ReferenceWalk walk(int head) {
        pieces.clear();
        reason = null;
        wrote = false;
        count = 0;
        if (head >= config.size()) {
            reason = Reason.HEAD_OUT_OF_RANGE;
            return this;
        }
        table(config.descriptorTable(), config.size(), head, false);
        long bytes = pieces.stream().mapToLong(Piece::length).sum();
        if (reason == null && bytes > 0x1_0000_0000L) {
            reason = Reason.TOO_MANY_BYTES;
        }
        return this;
    }

    Reason reason() {
        return reason;
    }

    List<Piece> pieces() {
        return pieces;
    }

    private void table(long base, long entries, int first, boolean nested) {
        int index = first;
        while (reason == null) {
            if (count == config.size()) {
                reason = Reason.CHAIN_TOO_LONG;
                return;
            }
            long at = base + 16L * index;
            long address = number(at, 8);
            long length = number(at + 8, 4);
            int flags = (int) number(at + 12, 2);
            boolean next = (flags & 1) != 0;
            boolean write = (flags & 2) != 0;
            if ((flags & 4) != 0) {
                indirect(address, length, next, nested);
                return;
            }
            count++;
            if (wrote && !write) {
                reason = Reason.READABLE_AFTER_WRITABLE;
                return;
            }
            wrote |= write;
            buffer(address, length, write);
            if (!next) {
                return;
            }
            index = (int) number(at + 14, 2);
            if (reason == null && index >= entries) {
                reason = Reason.NEXT_OUT_OF_RANGE;
            }
        }
    }

    private void indirect(long address, long length, boolean next, boolean nested) {
        if (!config.indirect()) {
            reason = Reason.INDIRECT_NOT_NEGOTIATED;
        } else if (nested) {
            reason = Reason.INDIRECT_NESTED;
        } else if (next) {
            reason = Reason.INDIRECT_WITH_NEXT;
        } else if (length == 0 || length % 16 != 0 || length > 1 << 20) {
            reason = Reason.INDIRECT_BAD_LENGTH;
        } else {
            Region region = holder(address);
            if (region == null || length > region.guestEnd() - address) {
                reason = Reason.INDIRECT_OUTSIDE_MEMORY;
            } else {
                table(address, length / 16, 0, true);
            }
        }
    }

    private void buffer(long address, long length, boolean write) {
        long at = address;
        long left = length;
        while (left > 0 && reason == null) {
            Region region = holder(at);
            if (region == null) {
                reason = Reason.BUFFER_OUTSIDE_MEMORY;
            } else if (pieces.size() == capacity) {
                reason = Reason.TOO_MANY_PIECES;
            } else {
                long part = Math.min(Math.min(left, region.guestEnd() - at), 1 << 30);
                pieces.add(new Piece(at, part, write));
                at += part;
                left -= part;
            }
        }
    }

    private Region holder(long address) {
        for (Region region : memory.regions()) {
            if (address >= region.guestAddress() && address < region.guestEnd()) {
                return region;
            }
        }
        return null;
    }

    private long number(long gpa, int bytes) {
        Region region = holder(gpa);
        MemorySegment segment = region.segment();
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (segment.get(ValueLayout.JAVA_BYTE, gpa - region.guestAddress() + i) & 0xFFL) << 8 * i;
        }
        return value;
    }
}
