package ringfence.net.engine;

import java.util.stream.Stream;
import org.agrona.concurrent.status.AtomicCounter;
import ringfence.net.packet.Drop;
import ringfence.telemetry.Counters;

/**
 * What one queue has done since the daemon began. Its worker counts; any thread may look, and sees each number as it was
 * a moment ago.
 */
public final class QueueCounters {
    private final AtomicCounter packets;
    private final AtomicCounter bytes;
    private final AtomicCounter[] drops;

    /**
     * All of them, 0.
     *
     * @param owner the queue's name, without spaces
     * @param index of the queue
     */
    public QueueCounters(Counters counters, String owner, int index) {
        packets = counters.counter(FrameCounter.PACKETS, owner, index);
        bytes = counters.counter(FrameCounter.BYTES, owner, index);
        drops = Stream.of(Drop.values())
                .map(reason -> counters.counter(reason, owner, index))
                .toArray(AtomicCounter[]::new);
    }

    /** How many counters a queue has. */
    public static int count() {
        return FrameCounter.values().length + Drop.values().length;
    }

    /** A frame went through. The worker only. */
    public void passed(long length) {
        packets.incrementOpaque();
        bytes.getAndAddOpaque(length);
    }

    /** A frame was dropped. The worker only. */
    public void dropped(Drop reason) {
        drops[reason.ordinal()].incrementOpaque();
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
        return drops[reason.ordinal()].getOpaque();
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
