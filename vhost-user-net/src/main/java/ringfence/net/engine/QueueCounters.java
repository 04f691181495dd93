package ringfence.net.engine;

import org.agrona.concurrent.status.AtomicCounter;
import ringfence.net.packet.Drop;
import ringfence.telemetry.CounterSet;
import ringfence.telemetry.CounterType;
import ringfence.telemetry.Counters;

/**
 * What one queue has done since the daemon began. Its worker counts; any thread may look, and sees each number as it was
 * a moment ago.
 */
public final class QueueCounters {
    private static final CounterType PACKETS =
            new CounterType(100, "packets", "frames that went through; a large segment counts as one");
    private static final CounterType BYTES =
            new CounterType(101, "bytes", "bytes of frames that went through, without their headers of virtio");

    private final AtomicCounter packets;
    private final AtomicCounter bytes;
    private final CounterSet<Drop> drops;

    /**
     * All of them, 0.
     *
     * @param owner the queue's name, without spaces
     * @param index of the queue
     */
    public QueueCounters(Counters counters, String owner, int index) {
        packets = counters.counter(PACKETS, owner, index);
        bytes = counters.counter(BYTES, owner, index);
        drops = new CounterSet<>(Drop.class, Drop::type, counters, owner, index);
    }

    /** How many counters a queue has. */
    public static int count() {
        return 2 + Drop.values().length;
    }

    /** A frame went through. The worker only. */
    public void passed(long length) {
        packets.incrementOpaque();
        bytes.getAndAddOpaque(length);
    }

    /** A frame was dropped. The worker only. */
    public void dropped(Drop reason) {
        drops.add(reason);
    }

    /** Frames that went through; a large segment counts as one. */
    public long packets() {
        return packets.getOpaque();
    }

    /** Bytes of those frames, without their headers of virtio. */
    public long bytes() {
        return bytes.getOpaque();
    }

    /** Frames, or chains for them, dropped for that reason. */
    public long drops(Drop reason) {
        return drops.value(reason);
    }

    /** One line for people; reasons that did not occur are left out. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(packets() + " packets, " + bytes() + " bytes");
        for (Drop reason : Drop.values()) {
            if (drops(reason) > 0) {
                text.append(", ").append(drops(reason)).append(" dropped: ").append(reason.text());
            }
        }
        return text.toString();
    }
}
