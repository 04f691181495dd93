package ringfence.vhostuser.link;

import java.lang.foreign.MemorySegment;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.vhostuser.InflightArea;

/**
 * A region in which a back-end tracks requests in flight, mapped. {@link #create} makes one for a front-end to keep,
 * {@link #adopt} maps what a front-end hands in, which is hostile until checked. Owns its mapping, not the file.
 */
public final class InflightRegion implements AutoCloseable {
    private static final int MAX_QUEUES = 256;
    private static final int MAX_QUEUE_SIZE = 32768;

    private final Mapping mapping;
    private final MemorySegment memory;
    private final InflightArea area;

    private InflightRegion(Mapping mapping, InflightArea area) {
        this.mapping = mapping;
        this.area = area;
        memory = mapping.segment().asSlice(area.offset(), area.size());
    }

    /**
     * Makes a new one: a memfd of zeros, sealed. The caller owns it.
     *
     * @param persistentBytes room at its end for a device's own state
     * @throws InflightException if there cannot be so many queues, or so long ones
     */
    static InflightShare create(Linux linux, int queues, int queueSize, int persistentBytes) {
        check(queues, queueSize);
        long size = InflightLayout.bytes(queues, queueSize, persistentBytes);
        Fd memfd = linux.memory().memfd("vhost-inflight", size);
        try {
            linux.memory().seal(memfd, Seal.SHRINK, Seal.GROW, Seal.SEAL);
        } catch (RuntimeException e) {
            memfd.close();
            throw e;
        }
        return new InflightShare(memfd, new InflightArea(size, 0, queues, queueSize));
    }

    /**
     * Maps one that was handed in.
     *
     * @throws InflightException if the numbers do not fit each other
     * @throws ringfence.vhostuser.WireException if the file is not sealed memory, or too short
     */
    static InflightRegion adopt(Linux linux, Fd fd, InflightArea area) {
        check(area.queues(), area.queueSize());
        long needed = InflightLayout.persistentOffset(area.queues(), area.queueSize());
        if (area.size() < needed) {
            throw new InflightException("inflight: " + area.size() + " bytes for " + area.queues() + " queues of "
                    + area.queueSize() + ", needed are " + needed);
        }
        Mapping mapping = new SharedMemory(linux, false).map("inflight region", fd, area.offset(), area.size(), false);
        return new InflightRegion(mapping, area);
    }

    private static void check(int queues, int queueSize) {
        if (queues < 1 || queues > MAX_QUEUES || queueSize < 1 || queueSize > MAX_QUEUE_SIZE) {
            throw new InflightException("inflight: " + queues + " queues of " + queueSize);
        }
    }

    /** The part of a queue; null if this region does not track it. */
    InflightQueue queue(int index) {
        if (index >= area.queues()) {
            return null;
        }
        long bytes = InflightLayout.queueBytes(area.queueSize());
        return new InflightQueue(memory.asSlice(index * bytes, bytes), area.queueSize());
    }

    /** The persistent bytes; null if there is no room for so many. */
    MemorySegment persistent(int bytes) {
        long offset = InflightLayout.persistentOffset(area.queues(), area.queueSize());
        return offset + bytes <= area.size() ? memory.asSlice(offset, bytes) : null;
    }

    @Override
    public void close() {
        mapping.close();
    }
}
