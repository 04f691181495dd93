package ringfence.net.engine;

import ringfence.net.packet.Drop;
import ringfence.telemetry.CounterType;

/** What is counted of a queue's frames, beside what every daemon counts of a queue and one counter per {@link Drop}. */
enum FrameCounter implements CounterType {
    /** Frames that went through; a large segment counts as one. */
    PACKETS(100, "packets"),
    /** Bytes of those frames, without their headers of virtio. */
    BYTES(101, "bytes");

    private final int id;
    private final String label;

    FrameCounter(int id, String label) {
        this.id = id;
        this.label = label;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String label() {
        return label;
    }
}
