package ringfence.net.engine;

import java.util.concurrent.atomic.AtomicLongArray;
import ringfence.net.packet.Drop;

/**
 * What one queue has done since the daemon began. Its worker counts; any thread may look, and sees each number as it was
 * a moment ago.
 */
public final class QueueCounters {
    private static final int PACKETS = 0;
    private static final int BYTES = 1;
    private static final int DROPS = 2;

    private final AtomicLongArray values = new AtomicLongArray(DROPS + Drop.values().length);

    QueueCounters() {}

    void passed(long bytes) {
        add(PACKETS, 1);
        add(BYTES, bytes);
    }

    void dropped(Drop reason) {
        add(DROPS + reason.ordinal(), 1);
    }

    /** One writer: no atomic addition is needed. */
    private void add(int at, long more) {
        values.setOpaque(at, values.getPlain(at) + more);
    }

    /** Frames that went through; a large segment counts as one. */
    public long packets() {
        return values.getOpaque(PACKETS);
    }

    /** Bytes of those frames, without their headers of virtio. */
    public long bytes() {
        return values.getOpaque(BYTES);
    }

    /** Frames, or chains for them, dropped for that reason. */
    public long drops(Drop reason) {
        return values.getOpaque(DROPS + reason.ordinal());
    }

    /** One line for people; reasons that did not occur are left out. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(packets() + " packets, " + bytes() + " bytes");
        for (Drop reason : Drop.values()) {
            if (drops(reason) > 0) {
                text.append(", ").append(drops(reason)).append(" dropped: ").append(reason.label());
            }
        }
        return text.toString();
    }
}
