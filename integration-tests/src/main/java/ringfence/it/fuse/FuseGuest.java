package ringfence.it.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import ringfence.linux.Epoll;
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
import ringfence.virtio.Feature;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/**
 * A guest's memory, its queues, and what a VMM keeps for its daemon: they outlive every daemon. Queue 0 is the one of high
 * priority, those from 1 on take requests. One owner thread.
 *
 * <p>A slot is contiguous: {@value #REQUEST} bytes for a request, {@value #REPLY} for its reply, then the data.
 */
public final class FuseGuest implements AutoCloseable {
    /** Bytes of a slot's request. */
    public static final int REQUEST = 8192;
    /** Bytes of a slot's reply, without the data. */
    public static final int REPLY = 4096;

    static final int IN_HEADER = 40;
    static final int OUT_HEADER = 16;
    private static final int PAGE = 4096;
    private static final long SILENCE_NANOS = 60_000_000_000L;
    private static final long RETRY_NANOS = 1_000_000;
    private static final int SUCCESSORS = 10;
    private static final int LOST = -1;
    private static final int MOST_STATE = 64 << 20;
    private static final long WANTED = ProtocolFeature.mask(
            ProtocolFeature.MQ,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.CONFIG,
            ProtocolFeature.INFLIGHT_SHMFD,
            ProtocolFeature.RESET_DEVICE,
            ProtocolFeature.DEVICE_STATE);
    private static final long WITH_SLOTS = WANTED | ProtocolFeature.mask(ProtocolFeature.CONFIGURE_MEM_SLOTS);

    /** What happens when the daemon has gone. */
    public interface Recovery {
        /** @return connected to a successor, which is not greeted yet; the guest's from now on */
        Frontend successor();
    }

    private final Linux linux;
    private final FuseShape shape;
    private final Fd fd;
    private final Mapping mapping;
    private final Region own;
    private final long wanted;
    private final long slotBytes;
    private final long slotsAt;
    private final QueueConfig[] configs;
    private final GuestDriver[] drivers;
    private final EventFd[] kicks;
    private final EventFd[] calls;
    private final Epoll epoll;
    private Recovery recovery = () -> {
        throw new IllegalStateException("the daemon has gone");
    };
    private InflightShare inflight;
    private Frontend frontend;
    private MemoryTable memory;
    private int running;

    public FuseGuest(Linux linux, FuseShape shape) {
        this(linux, shape, true, false);
    }

    /**
     * One whose memory may change.
     *
     * @param sealed whether its file cannot be cut: else only a daemon with {@code --allow-unsealed} takes it
     * @param memorySlots whether a region that comes or goes is told by a message for it, and not by all of them anew
     */
    public FuseGuest(Linux linux, FuseShape shape, boolean sealed, boolean memorySlots) {
        this.linux = linux;
        this.shape = shape;
        wanted = memorySlots ? WITH_SLOTS : WANTED;
        int all = shape.queues() + 1;
        int entries = 4 + shape.data() / PAGE;
        long ringRoom = roundUp(GuestDriver.bytes(shape.queueSize()));
        long tableRoom = roundUp((long) shape.queueSize() * entries * 16);
        slotsAt = (ringRoom + tableRoom) * all;
        slotBytes = (long) REQUEST + REPLY + shape.data();
        long size = slotsAt + slotBytes * shape.slots() * all;
        fd = linux.memory().memfd("fuse-guest", size);
        if (sealed) {
            linux.memory().seal(fd, Seal.SHRINK, Seal.GROW);
        }
        mapping = linux.memory().map(fd, 0, size);
        own = new Region(0, mapping.address(), size, mapping, 0, fd, 0);
        memory = MemoryTable.of(List.of(own));
        configs = new QueueConfig[all];
        drivers = new GuestDriver[all];
        kicks = new EventFd[all];
        calls = new EventFd[all];
        epoll = linux.events().epoll(all + 1);
        for (int q = 0; q < all; q++) {
            long ring = (ringRoom + tableRoom) * q;
            configs[q] = GuestDriver.place(ring, shape.queueSize(), !shape.polling(), true);
            drivers[q] = GuestDriver.indirect(configs[q], memory, ring + ringRoom, entries);
            kicks[q] = linux.events().eventFd();
            calls[q] = linux.events().eventFd();
            if (shape.polling()) {
                drivers[q].disarmInterrupt();
            }
            epoll.add(calls[q].fd(), Epoll.IN, q);
        }
    }

    private static long roundUp(long bytes) {
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    /** Connects to a daemon, the first or a successor, and lets the queues go on where they stand. */
    public void connect(String socket) {
        connect(reach(linux, socket));
    }

    /** The same over a connection, which is the guest's from now on. */
    public void connect(Frontend connected) {
        greet(connected);
        start();
    }

    /**
     * The same, with the state that another daemon has saved.
     *
     * @throws PeerException if it is refused: {@link #start} lets the queues go on without
     */
    public void connect(String socket, byte[] state) {
        greet(reach(linux, socket));
        frontend.loadState(state);
        start();
    }

    /** Loads one more state, while the queues do not run yet. As {@link #connect(String, byte[])}. */
    public void load(byte[] state) {
        frontend.loadState(state);
    }

    private void greet(Frontend connected) {
        frontend = connected;
        epoll.add(frontend.socket(), Epoll.IN, LOST);
        Offer offer = frontend.hello(wanted);
        long features = Feature.VERSION_1 | Feature.INDIRECT_DESC | (shape.polling() ? 0 : Feature.EVENT_IDX);
        if ((offer.features() & features) != features) {
            throw new IllegalStateException("the daemon lacks features that Linux uses: " + offer);
        }
        frontend.features(features);
        frontend.memory(memory);
        if (offer.has(ProtocolFeature.INFLIGHT_SHMFD)) {
            if (inflight == null) {
                inflight = frontend.newInflight(drivers.length, shape.queueSize());
            }
            frontend.inflight(inflight);
        }
        running = offer.has(ProtocolFeature.MQ) ? Math.min(drivers.length, offer.queues()) : drivers.length;
    }

    /** Lets the queues go on. */
    public void start() {
        for (int q = 0; q < running; q++) {
            int used = mapping.segment().get(ValueLayout.JAVA_SHORT, configs[q].usedRing() + 2) & 0xFFFF;
            frontend.startQueue(q, configs[q], new QueueState(used, used), kicks[q], calls[q], null);
            kicks[q].signal(); // what was published while nobody listened
        }
    }

    /** How patient a guest is with its daemon. */
    static FrontendOptions patience() {
        return FrontendOptions.defaults().withDeadlines(SILENCE_NANOS, SILENCE_NANOS);
    }

    /** The socket's name is there a moment before somebody listens. */
    static Frontend reach(Linux linux, String socket) {
        long deadline = System.nanoTime() + SILENCE_NANOS;
        while (true) {
            try {
                return Frontend.connect(linux, socket, patience());
            } catch (PeerException e) {
                if (e.disposition() != PeerException.Disposition.RETRY || System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    /** Queues of requests that this daemon has, at most those of the shape. */
    public int queues() {
        return running - 1;
    }

    /** What to do when the daemon goes while a reply is waited for. */
    public void recovery(Recovery how) {
        recovery = how;
    }

    /** Successors are found where the first one was. */
    public void recoveryAt(Path socket) {
        recovery = () -> reach(linux, socket.toString());
    }

    /** Stops the queues and saves the device's state. The daemon may be left then, or end. */
    public byte[] save() {
        for (int q = 0; q < running; q++) {
            frontend.stopQueue(q);
        }
        return frontend.saveState(MOST_STATE);
    }

    /** The daemon has gone, or is to be left. */
    public void lost() {
        if (frontend != null) {
            epoll.remove(frontend.socket());
            frontend.close();
            frontend = null;
        }
    }

    /** Resets the device, as a guest does that reboots, and connects no more. */
    public void reset() {
        for (int q = 0; q < running; q++) {
            frontend.stopQueue(q);
        }
        frontend.reset();
        lost();
    }

    /** Tells of these regions beside its own memory, in place of those before. Its queues run. */
    public void besides(List<Region> others) {
        List<Region> all = new ArrayList<>(others);
        all.add(own);
        memory = memory.next(all);
        frontend.memory(memory);
    }

    /** Cuts its own memory to that size, whoever uses it; nothing here may touch it after that. The driver's part of it ends. */
    public void cut(long size) {
        linux.files().truncate(fd, size);
    }

    /** Stops its queues, and starts them where they stood, with that between. */
    public void stopped(Runnable meanwhile) {
        QueueState[] states = new QueueState[running];
        for (int q = 0; q < running; q++) {
            states[q] = frontend.stopQueue(q);
        }
        meanwhile.run();
        for (int q = 0; q < running; q++) {
            frontend.startQueue(q, configs[q], states[q], kicks[q], calls[q], null);
        }
    }

    /** Kicks a queue, whether it has something or not. */
    public void kick(int queue) {
        kicks[queue].signal();
    }

    /** Bytes of its own memory. */
    public long size() {
        return mapping.size();
    }

    /** The first bytes of the configuration space: 36 of the tag, then the number of request queues. */
    public byte[] config(int bytes) {
        return frontend.config(0, bytes);
    }

    public MemorySegment ram() {
        return mapping.segment();
    }

    public FuseShape shape() {
        return shape;
    }

    /** Where a slot's request lies in {@link #ram}. */
    public long request(int queue, int slot) {
        return slotsAt + slotBytes * ((long) queue * shape.slots() + slot);
    }

    /** Where a slot's reply lies. */
    public long reply(int queue, int slot) {
        return request(queue, slot) + REQUEST;
    }

    /** Where a slot's data lies. */
    public long data(int queue, int slot) {
        return reply(queue, slot) + REPLY;
    }

    /**
     * Puts a request into a queue, not yet visible, cut as Linux cuts it.
     *
     * @param bytes of header and arguments
     * @param sent bytes of data after them
     * @param fixed bytes of the reply after its header
     * @param received bytes of data after them, at most
     * @param replied false: no reply is expected, as for FORGET
     */
    public void offer(int queue, int slot, int bytes, int sent, int fixed, int received, boolean replied) {
        long request = request(queue, slot);
        long reply = reply(queue, slot);
        long data = data(queue, slot);
        int buffers = 1 + (bytes > IN_HEADER ? 1 : 0) + pages(sent);
        buffers += replied ? 1 + (fixed > 0 ? 1 : 0) + pages(received) : 0;
        GuestDriver driver = drivers[queue];
        if (!driver.begin(buffers)) {
            throw new IllegalStateException("no descriptors left");
        }
        driver.readable(request, IN_HEADER);
        if (bytes > IN_HEADER) {
            driver.readable(request + IN_HEADER, bytes - IN_HEADER);
        }
        for (int at = 0; at < sent; at += PAGE) {
            driver.readable(data + at, Math.min(PAGE, sent - at));
        }
        if (replied) {
            ram().set(ValueLayout.JAVA_LONG, reply, 0);
            driver.writable(reply, OUT_HEADER);
            if (fixed > 0) {
                driver.writable(reply + OUT_HEADER, fixed);
            }
            for (int at = 0; at < received; at += PAGE) {
                driver.writable(data + at, Math.min(PAGE, received - at));
            }
        }
        driver.offer(slot);
    }

    private static int pages(int bytes) {
        return (bytes + PAGE - 1) / PAGE;
    }

    /** Puts a chain of any cut into a queue: readable from the slot's request on, writable from its reply on. */
    public void offerRaw(int queue, int slot, int[] readable, int[] writable) {
        GuestDriver driver = drivers[queue];
        if (!driver.begin(readable.length + writable.length)) {
            throw new IllegalStateException("no descriptors left");
        }
        long at = request(queue, slot);
        for (int length : readable) {
            driver.readable(at, length);
            at += length;
        }
        at = reply(queue, slot);
        for (int length : writable) {
            driver.writable(at, length);
            at += length;
        }
        driver.offer(slot);
    }

    /** Shows the device what was offered. */
    public void publish(int queue) {
        if (drivers[queue].publish()) {
            kicks[queue].signal();
        }
    }

    /** The slot of a request that has ended; -1: none has. */
    public int reap(int queue) {
        return drivers[queue].reap() < 0 ? -1 : (int) drivers[queue].cookie();
    }

    /** Waits for an interrupt; the caller then looks into every queue. */
    public void await() {
        for (int q = 0; q < running; q++) {
            if (drivers[q].armInterrupt()) {
                return;
            }
        }
        wake((int) (SILENCE_NANOS / 1_000_000));
    }

    private void wake(int millis) {
        int ready = epoll.await(millis);
        if (ready == 0) {
            throw new IllegalStateException("no answer comes");
        }
        boolean gone = false;
        for (int i = 0; i < ready; i++) {
            int token = (int) epoll.token(i);
            if (token == LOST) {
                gone = true;
            } else {
                calls[token].drain();
            }
        }
        if (gone) {
            succeed();
        }
    }

    private void succeed() {
        try {
            frontend.poll();
        } catch (PeerException e) {
            replace(e);
        }
    }

    /** A successor may die, too, even before it knows all. */
    private void replace(PeerException first) {
        PeerException last = first;
        for (int i = 0; i < SUCCESSORS; i++) {
            lost();
            try {
                connect(recovery.successor());
                return;
            } catch (PeerException e) {
                last = e;
            }
        }
        throw last;
    }

    /** Waits for one request's end. Whether it looks or sleeps is the shape's. */
    public int take(int queue) {
        long deadline = System.nanoTime() + SILENCE_NANOS;
        while (true) {
            int slot = reap(queue);
            if (slot >= 0) {
                return slot;
            }
            if (!shape.polling()) {
                await();
            } else if (System.nanoTime() > deadline) {
                throw new IllegalStateException("no answer comes");
            } else {
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public void close() {
        lost();
        if (inflight != null) {
            inflight.close();
        }
        epoll.close();
        for (int q = 0; q < drivers.length; q++) {
            kicks[q].close();
            calls[q].close();
        }
        mapping.close();
        fd.close();
    }
}
