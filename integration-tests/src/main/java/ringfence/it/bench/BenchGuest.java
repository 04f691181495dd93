package ringfence.it.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.Offer;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.Feature;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/**
 * A guest without a machine: memory, queues and a connected front-end. Each queue has slots of one header, one page of
 * data and one status byte. One owner thread.
 */
final class BenchGuest implements AutoCloseable {
    private static final int QUEUE_SIZE = 512;
    /** Requests of a queue, each of three descriptors. */
    static final int MOST_SLOTS = QUEUE_SIZE / 3;

    private static final int QUEUE_ROOM = 1 << 16;
    private static final int SLOT_ROOM = 64;
    private static final int STATUS = 32;
    private static final long SLOTS = 1 << 20;
    private static final long DATA = 2 << 20;
    private static final byte UNTOUCHED = 0x5a;

    final GuestDriver[] drivers;
    final EventFd[] kicks;
    final EventFd[] calls;
    private final Fd fd;
    private final Mapping mapping;
    private final Frontend frontend;
    private final MemorySegment ram;

    /**
     * Connects and starts the queues.
     *
     * @param slots per queue, at most {@link #MOST_SLOTS}
     */
    BenchGuest(Linux linux, String socket, int queues, int slots, boolean polling) {
        long size = DATA + (long) queues * slots * LoadSpec.BLOCK;
        fd = linux.memory().memfd("bench-guest", size);
        linux.memory().seal(fd, Seal.SHRINK, Seal.GROW);
        mapping = linux.memory().map(fd, 0, size);
        ram = mapping.segment();
        ram.fill((byte) 0x11);
        MemoryTable memory = MemoryTable.of(List.of(new Region(0, mapping.address(), size, mapping, 0, fd, 0)));
        frontend = Frontend.connect(linux, socket, FrontendOptions.defaults());
        Offer offer = frontend.hello(
                ProtocolFeature.MQ.mask() | ProtocolFeature.REPLY_ACK.mask() | ProtocolFeature.CONFIG.mask());
        long wanted = Feature.VERSION_1
                | Feature.INDIRECT_DESC
                | (polling ? 0 : Feature.EVENT_IDX)
                | BlkLayout.F_FLUSH
                | BlkLayout.F_MQ;
        frontend.features(offer.features() & wanted);
        frontend.memory(memory);
        drivers = new GuestDriver[queues];
        kicks = new EventFd[queues];
        calls = new EventFd[queues];
        boolean eventIdx = Feature.has(offer.features() & wanted, Feature.EVENT_IDX);
        for (int q = 0; q < queues; q++) {
            QueueConfig config = GuestDriver.place((long) QUEUE_ROOM * q, QUEUE_SIZE, eventIdx, true);
            drivers[q] = GuestDriver.direct(config, memory);
            kicks[q] = linux.events().eventFd();
            calls[q] = linux.events().eventFd();
            if (polling) {
                drivers[q].disarmInterrupt();
            }
            frontend.startQueue(q, config, QueueState.FRESH, kicks[q], calls[q], null);
        }
    }

    /** Prepares a request in a slot; {@link GuestDriver#publish} shows it to the device. */
    void offer(int queue, int slots, int slot, boolean write, long sector) {
        long number = (long) queue * slots + slot;
        long header = SLOTS + number * SLOT_ROOM;
        ram.set(ValueLayout.JAVA_LONG, header, write ? BlkLayout.T_OUT : BlkLayout.T_IN);
        ram.set(ValueLayout.JAVA_LONG, header + BlkLayout.HEADER_SECTOR, sector);
        ram.set(ValueLayout.JAVA_BYTE, header + STATUS, UNTOUCHED);
        GuestDriver driver = drivers[queue];
        if (!driver.begin(3)) {
            throw new IllegalStateException("no descriptors left");
        }
        driver.readable(header, BlkLayout.HEADER);
        if (write) {
            driver.readable(DATA + number * LoadSpec.BLOCK, LoadSpec.BLOCK);
        } else {
            driver.writable(DATA + number * LoadSpec.BLOCK, LoadSpec.BLOCK);
        }
        driver.writable(header + STATUS, 1);
        driver.offer(slot);
    }

    /** The status of the request in a slot. */
    int status(int queue, int slots, int slot) {
        return ram.get(ValueLayout.JAVA_BYTE, SLOTS + ((long) queue * slots + slot) * SLOT_ROOM + STATUS);
    }

    /** Where the data of a slot lies in {@link #ram}. */
    static long data(int queue, int slots, int slot) {
        return DATA + ((long) queue * slots + slot) * LoadSpec.BLOCK;
    }

    MemorySegment ram() {
        return ram;
    }

    @Override
    public void close() {
        try {
            for (int q = 0; q < drivers.length; q++) {
                frontend.stopQueue(q);
            }
        } finally {
            frontend.close();
            for (int q = 0; q < drivers.length; q++) {
                kicks[q].close();
                calls[q].close();
            }
            mapping.close();
            fd.close();
        }
    }
}
