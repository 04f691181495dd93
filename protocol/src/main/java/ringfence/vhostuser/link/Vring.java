package ringfence.vhostuser.link;

import ringfence.linux.EventFd;
import ringfence.memory.MemoryTable;
import ringfence.vhostuser.Request;
import ringfence.vhostuser.WireException;
import ringfence.virtio.SplitLayout;
import ringfence.virtio.queue.QueueConfig;

/**
 * What a front-end has said about one queue so far, in whatever order, and its eventfds, which it owns. The
 * connection's thread only. Whether the queue runs is {@link #running}.
 */
final class Vring implements AutoCloseable {
    private final int index;
    private int size;
    private Request.SetVringAddr address;
    private int base;
    private boolean enabled;
    private boolean kickKnown;
    private EventFd kick;
    private EventFd call;
    private EventFd err;
    private RunningQueue running;

    Vring(int index) {
        this.index = index;
    }

    int index() {
        return index;
    }

    RunningQueue running() {
        return running;
    }

    boolean isRunning() {
        return running != null;
    }

    /** It runs, or no longer. */
    void running(RunningQueue now) {
        running = now;
    }

    /**
     * Whether all has been said that it needs to run.
     *
     * @param needsEnable whether protocol features were negotiated, so that it must have been enabled
     */
    boolean isReady(boolean needsEnable) {
        return size != 0 && address != null && kickKnown && (enabled || !needsEnable);
    }

    void size(int entries) {
        size = entries;
    }

    void address(Request.SetVringAddr where) {
        address = where;
    }

    Request.SetVringAddr address() {
        return address;
    }

    void base(int availableIndex) {
        base = availableIndex;
    }

    int base() {
        return base;
    }

    void enabled(boolean on) {
        enabled = on;
    }

    /** The kick is known: an eventfd, or null for a ring that is polled. */
    void kick(EventFd fd) {
        closeIfThere(kick);
        kick = fd;
        kickKnown = true;
    }

    EventFd kick() {
        return kick;
    }

    void call(EventFd fd) {
        EventFd old = call;
        call = fd;
        if (running != null) {
            running.call(fd);
        }
        closeIfThere(old);
    }

    EventFd call() {
        return call;
    }

    /** Not while it runs. */
    void err(EventFd fd) {
        closeIfThere(err);
        err = fd;
    }

    EventFd err() {
        return err;
    }

    /** GET_VRING_BASE: it starts again only with another kick. What came through this one is not kept. */
    void forgetKick() {
        if (kick != null) {
            kick.drain();
        }
        closeIfThere(kick);
        kick = null;
        kickKnown = false;
    }

    /** A reset: all but its eventfds for calls and errors. */
    void reset() {
        forgetKick();
        size = 0;
        address = null;
        base = 0;
        enabled = false;
    }

    /**
     * Its ring in guest addresses.
     *
     * @throws WireException if a part of it is not memory
     */
    QueueConfig config(MemoryTable memory, boolean eventIdx, boolean indirect) {
        return new QueueConfig(
                size,
                toGuest(memory, "descriptor table", address.descriptorTable(), SplitLayout.descriptorBytes(size)),
                toGuest(memory, "available ring", address.availableRing(), SplitLayout.availableBytes(size)),
                toGuest(memory, "used ring", address.usedRing(), SplitLayout.usedBytes(size)),
                eventIdx,
                indirect);
    }

    private long toGuest(MemoryTable memory, String part, long userAddress, long bytes) {
        long gpa = memory.toGuest(userAddress, bytes);
        if (gpa < 0) {
            throw new WireException("queue " + index + ": its " + part + ", " + bytes + " bytes at 0x"
                    + Long.toHexString(userAddress) + ", is not inside one memory region");
        }
        return gpa;
    }

    private static void closeIfThere(EventFd fd) {
        if (fd != null) {
            fd.close();
        }
    }

    /** It does not run. */
    @Override
    public void close() {
        closeIfThere(kick);
        closeIfThere(call);
        closeIfThere(err);
        kick = null;
        call = null;
        err = null;
    }
}
