package ringfence.it.fault;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import ringfence.linux.Errno;
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
import ringfence.vhostuser.link.InflightShare;
import ringfence.vhostuser.link.Offer;
import ringfence.vhostuser.link.PeerException;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.Feature;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/**
 * A guest's memory, its one queue and what the VMM keeps for its daemon: they outlive every daemon. One owner thread.
 *
 * <p>Each slot has a header, one page and a status byte.
 */
public final class KillGuest implements AutoCloseable {
    /** Bytes of a request's data. */
    public static final int BLOCK = 4096;

    private static final int QUEUE_SIZE = 256;
    private static final int SLOT_ROOM = 64;
    private static final int STATUS = 32;
    private static final long SLOTS = 0x1_0000;
    private static final long DATA = 0x2_0000;
    private static final byte UNTOUCHED = 0x5a;
    private static final int KEEP_SIZE_AND_PUNCH_HOLE = 1 | 2; // FALLOC_FL_
    private static final long WANTED = ProtocolFeature.mask(
            ProtocolFeature.MQ,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.CONFIG,
            ProtocolFeature.INFLIGHT_SHMFD,
            ProtocolFeature.RESET_DEVICE);

    private final Linux linux;
    private final Fd fd;
    private final Mapping mapping;
    private final MemoryTable memory;
    private final QueueConfig config;
    private final GuestDriver driver;
    private final EventFd kick;
    private final EventFd call;
    private InflightShare inflight;
    private Frontend frontend;
    private long features;

    /** @param slots most requests at a time, at most 64 */
    public KillGuest(Linux linux, int slots) {
        this.linux = linux;
        long size = DATA + (long) slots * BLOCK;
        fd = linux.memory().memfd("kill-guest", size);
        linux.memory().seal(fd, Seal.SHRINK, Seal.GROW);
        mapping = linux.memory().map(fd, 0, size);
        memory = MemoryTable.of(List.of(new Region(0, mapping.address(), size, mapping, 0, fd, 0)));
        config = GuestDriver.place(0, QUEUE_SIZE, true, true);
        driver = GuestDriver.direct(config, memory);
        kick = linux.events().eventFd();
        call = linux.events().eventFd();
    }

    /** Connects to a daemon, the first or a successor, and lets the queue go on where it stands. */
    public void connect(String socket, long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        while (!tryConnect(socket)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("nobody listens at " + socket);
            }
            Thread.sleep(2);
        }
        goOn();
    }

    /** The same over a connected socket, which it owns from now on. */
    public void connect(Fd socket) {
        frontend = Frontend.over(linux, socket, FrontendOptions.defaults());
        goOn();
    }

    private void goOn() {
        Offer offer = frontend.hello(WANTED);
        features =
                offer.features() & (Feature.VERSION_1 | Feature.INDIRECT_DESC | Feature.EVENT_IDX | BlkLayout.F_FLUSH);
        frontend.features(features);
        frontend.memory(memory);
        if (inflight == null) {
            inflight = frontend.newInflight(1, QUEUE_SIZE);
        }
        frontend.inflight(inflight);
        start();
    }

    private void start() {
        int used = usedIndex();
        frontend.startQueue(0, config, new QueueState(used, used), kick, call, null);
        kick.signal(); // what was published while nobody listened
    }

    private boolean tryConnect(String socket) {
        try {
            frontend = Frontend.connect(linux, socket, FrontendOptions.defaults());
            return true;
        } catch (PeerException e) {
            return false;
        }
    }

    /** The daemon is dead. */
    public void lost() {
        frontend.close();
    }

    /** Stops the queue. */
    public void stop() {
        frontend.stopQueue(0);
    }

    /** Tells the device to reset, as a driver does. */
    public void reset() {
        stop();
        frontend.reset();
    }

    /** The same while the queue runs. */
    public void resetAtOnce() {
        frontend.reset();
    }

    /** Sets the device up anew, and lets the queue go on where it stands, as if it had not been stopped or reset. */
    public void resume() {
        frontend.features(features);
        start();
    }

    /** Takes whole pages out of the guest's memory, which read as zeroes from then on, whoever uses them. */
    public void punch(long at, long bytes) {
        long result = linux.files().tryAllocate(fd, KEEP_SIZE_AND_PUNCH_HOLE, at, bytes);
        if (result < 0) {
            throw new IllegalStateException(
                    "fallocate: " + Errno.of((int) -result).text());
        }
    }

    /** Tells of the same memory again, which the device maps anew. */
    public void remap() {
        frontend.memory(memory);
    }

    private int usedIndex() {
        return mapping.segment().get(ValueLayout.JAVA_SHORT, config.usedRing() + 2) & 0xFFFF;
    }

    /** Offers a request; {@link #publish} makes it visible. */
    public void offer(int slot, int type, long sector) {
        MemorySegment ram = mapping.segment();
        long header = SLOTS + (long) slot * SLOT_ROOM;
        ram.set(ValueLayout.JAVA_LONG, header, type);
        ram.set(ValueLayout.JAVA_LONG, header + BlkLayout.HEADER_SECTOR, sector);
        ram.set(ValueLayout.JAVA_BYTE, header + STATUS, UNTOUCHED);
        boolean data = type == BlkLayout.T_IN || type == BlkLayout.T_OUT;
        if (!driver.begin(data ? 3 : 2)) {
            throw new IllegalStateException("no descriptors left");
        }
        driver.readable(header, BlkLayout.HEADER);
        if (type == BlkLayout.T_OUT) {
            driver.readable(data(slot), BLOCK);
        } else if (data) {
            driver.writable(data(slot), BLOCK);
        }
        driver.writable(header + STATUS, 1);
        driver.offer(slot);
    }

    /** Shows the device what was offered. */
    public void publish() {
        if (driver.publish()) {
            kick.signal();
        }
    }

    /** Kicks, whether there is something or not. */
    public void kick() {
        kick.signal();
    }

    /** The slot of a request that has ended; -1: none has. */
    public int reap() {
        return driver.reap() < 0 ? -1 : (int) driver.cookie();
    }

    /** Status of the request in a slot. */
    public int status(int slot) {
        return ram().get(ValueLayout.JAVA_BYTE, SLOTS + (long) slot * SLOT_ROOM + STATUS);
    }

    /** Offers one request and waits for its end. @return its status */
    public int request(int type, long sector, long nanos) {
        offer(0, type, sector);
        publish();
        long deadline = System.nanoTime() + nanos;
        while (reap() < 0) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("request of type " + type + " does not end");
            }
            Thread.onSpinWait();
        }
        return status(0);
    }

    /** The guest's memory. */
    public MemorySegment ram() {
        return mapping.segment();
    }

    /** Where a slot's page lies in {@link #ram}. */
    public static long data(int slot) {
        return DATA + (long) slot * BLOCK;
    }

    @Override
    public void close() {
        if (frontend != null) {
            frontend.close();
        }
        if (inflight != null) {
            inflight.close();
        }
        kick.close();
        call.close();
        mapping.close();
        fd.close();
    }
}
