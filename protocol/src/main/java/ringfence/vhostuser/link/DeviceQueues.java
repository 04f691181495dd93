package ringfence.vhostuser.link;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Mapping;
import ringfence.vhostuser.InflightArea;
import ringfence.vhostuser.MemoryRegion;
import ringfence.vhostuser.Negotiated;
import ringfence.vhostuser.Reply;
import ringfence.vhostuser.Request;
import ringfence.vhostuser.WireException;
import ringfence.virtio.Feature;
import ringfence.virtio.SplitLayout;
import ringfence.virtio.queue.DirtyLog;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueException;
import ringfence.virtio.queue.QueueState;
import ringfence.virtio.queue.SplitQueue;

/**
 * The queues of one connection and what they stand on: memory, inflight region, dirty log. The connection's thread only.
 * A queue runs exactly while all is there that it needs; after each message {@link #settle} makes that true.
 */
final class DeviceQueues implements AutoCloseable {
    private static final int NAME_LENGTH = 15;

    private final BackendContext context;
    private final BackendDevice device;
    private final BackendMemory memory;
    private final Vring[] vrings;
    private boolean featuresKnown;
    private long features;
    private InflightRegion inflight;
    private Mapping logMapping;
    private DirtyLog log;
    private boolean attached;

    DeviceQueues(BackendContext context) {
        this.context = context;
        device = context.device();
        memory = new BackendMemory(
                new SharedMemory(context.linux(), context.options().allowUnsealed()));
        vrings = new Vring[device.queueCount()];
        for (int i = 0; i < vrings.length; i++) {
            vrings[i] = new Vring(i);
        }
    }

    private Vring vring(int index) {
        if (index >= vrings.length) {
            throw new WireException("queue " + index + " of a device with " + vrings.length);
        }
        return vrings[index];
    }

    private Vring stopped(String message, int index) {
        Vring vring = vring(index);
        if (vring.isRunning()) {
            throw new WireException(message + " while queue " + index + " runs");
        }
        return vring;
    }

    boolean anyRunning() {
        for (Vring vring : vrings) {
            if (vring.isRunning()) {
                return true;
            }
        }
        return false;
    }

    // ---- what a message says ------------------------------------------------------------------------------------

    void features(long accepted) {
        boolean logging = (features & Negotiated.LOG_ALL) != 0;
        featuresKnown = true;
        features = accepted;
        if (logging != ((accepted & Negotiated.LOG_ALL) != 0)) {
            pauseAll();
        }
        settle();
    }

    Reply size(int queue, int size) {
        if (size > device.maxQueueSize()) {
            throw new WireException(
                    "SET_VRING_NUM: queue " + queue + " of " + size + ", at most " + device.maxQueueSize());
        }
        stopped("SET_VRING_NUM", queue).size(size);
        return settle();
    }

    Reply address(Request.SetVringAddr address) {
        Vring vring = vring(address.queue());
        pause(vring);
        vring.address(address);
        return settle();
    }

    Reply base(int queue, int base) {
        if (base < 0 || base > 0xFFFF) {
            throw new WireException("SET_VRING_BASE: " + Integer.toUnsignedString(base) + " for a split ring");
        }
        stopped("SET_VRING_BASE", queue).base(base);
        return settle();
    }

    Reply kick(Request.SetVringKick kick, Frame frame) {
        Vring vring = vring(kick.queue());
        EventFd fd = eventFd(kick.withDescriptor(), frame, "SET_VRING_KICK");
        pause(vring);
        vring.kick(fd);
        return settle();
    }

    Reply call(Request.SetVringCall call, Frame frame) {
        Vring vring = vring(call.queue());
        vring.call(eventFd(call.withDescriptor(), frame, "SET_VRING_CALL"));
        return Reply.U64.SUCCESS;
    }

    Reply err(Request.SetVringErr err, Frame frame) {
        Vring vring = vring(err.queue());
        EventFd fd = eventFd(err.withDescriptor(), frame, "SET_VRING_ERR");
        pause(vring);
        vring.err(fd);
        return settle();
    }

    private EventFd eventFd(boolean there, Frame frame, String what) {
        return there ? EventFds.take(context.linux(), frame, 0, what) : null;
    }

    Reply enable(int queue, boolean on) {
        Vring vring = vring(queue);
        vring.enabled(on);
        if (!on) {
            pause(vring);
        }
        return settle();
    }

    Reply disableAll() {
        pauseAll();
        for (Vring vring : vrings) {
            vring.enabled(false);
        }
        return Reply.U64.SUCCESS;
    }

    /** GET_VRING_BASE: drains. */
    int stop(int queue) {
        Vring vring = vring(queue);
        pause(vring);
        vring.forgetKick();
        return vring.base();
    }

    void reset() {
        pauseAll();
        for (Vring vring : vrings) {
            vring.reset();
            InflightQueue tracked = inflight == null ? null : inflight.queue(vring.index());
            if (tracked != null) {
                tracked.forget(); // what an engine has let go of
            }
        }
    }

    Reply memory(List<MemoryRegion> regions, Frame frame) {
        List<Fd> fds = new ArrayList<>();
        for (int i = 0; i < regions.size(); i++) {
            fds.add(frame.peek(i));
        }
        return change(memory.replace(regions, fds));
    }

    Reply addMemory(MemoryRegion region, Fd fd) {
        return change(memory.add(region, fd));
    }

    Reply removeMemory(MemoryRegion region) {
        return change(memory.remove(region));
    }

    private Reply change(BackendMemory.Change change) {
        pauseAll();
        change.commit();
        return settle();
    }

    InflightShare newInflight(int queues, int queueSize) {
        if (queues > vrings.length || queueSize > device.maxQueueSize()) {
            throw new WireException("GET_INFLIGHT_FD: " + queues + " queues of " + queueSize + ", at most "
                    + vrings.length + " of " + device.maxQueueSize());
        }
        return InflightRegion.create(context.linux(), queues, queueSize, device.persistentBytes());
    }

    Reply inflight(InflightArea area, Fd fd) {
        if (anyRunning()) {
            throw new WireException("SET_INFLIGHT_FD while a queue runs");
        }
        InflightRegion region = InflightRegion.adopt(context.linux(), fd, area);
        try {
            context.options().fence().take();
        } catch (RuntimeException e) {
            region.close();
            throw new WireException("the fence cannot be had: " + e.getMessage());
        }
        detach();
        inflight = region;
        return settle();
    }

    Reply log(long size, long offset, Fd fd) {
        Mapping mapping = new SharedMemory(context.linux(), false).map("dirty log", fd, offset, size, false);
        DirtyLog next;
        try {
            next = new DirtyLog(mapping.segment().asSlice(offset, size));
        } catch (IllegalArgumentException e) {
            mapping.close();
            throw new WireException("SET_LOG_BASE: " + e.getMessage());
        }
        pauseAll();
        closeLog();
        logMapping = mapping;
        log = next;
        settle();
        return new Reply.Done();
    }

    // ---- running ------------------------------------------------------------------------------------------------

    /** Starts every queue that has all it needs and does not run. */
    private Reply settle() {
        if (featuresKnown && memory.table() != null) {
            boolean needsEnable = (features & Negotiated.PROTOCOL_FEATURES) != 0;
            for (Vring vring : vrings) {
                if (!vring.isRunning() && vring.isReady(needsEnable)) {
                    start(vring);
                }
            }
        }
        return Reply.U64.SUCCESS;
    }

    private void start(Vring vring) {
        QueueConfig config = vring.config(
                memory.table(), (features & Feature.EVENT_IDX) != 0, (features & Feature.INDIRECT_DESC) != 0);
        attach();
        try {
            QueueState from = SplitQueue.resume(config, memory.table(), vring.base());
            InflightQueue tracked = inflight == null ? null : inflight.queue(vring.index());
            int[] replay = new int[0];
            if (tracked != null) {
                // what is in flight and what is used is all that was ever taken; the front-end's word may be older
                replay = tracked.recover(config.size(), from.usedIndex());
                from = new QueueState(from.usedIndex() + replay.length & 0xFFFF, from.usedIndex());
            }
            SplitQueue queue = SplitQueue.start(config, memory.table(), from);
            if ((features & Negotiated.LOG_ALL) != 0 && log != null) {
                queue.log(log, loggedAt(vring, config));
            }
            QueueEngine engine = device.engine(vring.index(), memory.table());
            vring.running(run(vring, queue, from.usedIndex(), engine, tracked, replay));
        } catch (QueueException e) {
            throw new WireException("queue " + vring.index() + ": " + e.getMessage());
        }
    }

    private RunningQueue run(
            Vring vring, SplitQueue queue, int usedIndex, QueueEngine engine, InflightQueue tracked, int[] replay) {
        String name = context.options().name() + "/q" + vring.index();
        QueueStart start = new QueueStart(
                vring.index(),
                name.substring(0, Math.min(NAME_LENGTH, name.length())),
                queue,
                usedIndex,
                engine,
                tracked,
                replay,
                vring.kick(),
                vring.call(),
                vring.err());
        try {
            QueueWorker worker =
                    new QueueWorker(start, context.options(), context.stats().get(vring.index()), context::failed);
            return new RunningQueue(worker, engine, context);
        } catch (RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    /** Where the log has the used ring; both ends of it, and all of memory, must be covered. */
    private long loggedAt(Vring vring, QueueConfig config) {
        long at = vring.address().logged() ? vring.address().log() : config.usedRing();
        long end = at + SplitLayout.usedBytes(config.size());
        if (at < 0 || end < 0 || !log.covers(end) || !log.covers(memory.table().guestEnd())) {
            throw new WireException("the dirty log is too short: guest memory ends at 0x"
                    + Long.toHexString(memory.table().guestEnd()) + ", the used ring of queue " + vring.index()
                    + " is logged up to 0x" + Long.toHexString(end));
        }
        return at;
    }

    /** Stops and drains a queue that runs; it will go on where it stood. */
    private void pause(Vring vring) {
        RunningQueue running = vring.running();
        if (running == null) {
            return;
        }
        vring.running(null);
        running.stop().ifPresent(end -> vring.base(end.availableIndex()));
    }

    private void pauseAll() {
        for (Vring vring : vrings) {
            pause(vring);
        }
    }

    /** Hands the device its persistent bytes, if it does not have them yet. */
    private void attach() {
        if (attached) {
            return;
        }
        int bytes = device.persistentBytes();
        MemorySegment room = inflight == null ? null : inflight.persistent(bytes);
        device.attach(
                room != null
                        ? room
                        : Arena.ofAuto()
                                .allocate(Math.max(bytes, 1), Long.BYTES)
                                .asSlice(0, bytes));
        attached = true;
    }

    private void detach() {
        if (attached) {
            device.detach();
            attached = false;
        }
        if (inflight != null) {
            inflight.close();
            inflight = null;
        }
    }

    private void closeLog() {
        if (logMapping != null) {
            logMapping.close();
            logMapping = null;
            log = null;
        }
    }

    @Override
    public void close() {
        pauseAll();
        for (Vring vring : vrings) {
            vring.close();
        }
        detach();
        closeLog();
        memory.close();
    }
}
