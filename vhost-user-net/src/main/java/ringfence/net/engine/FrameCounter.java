package ringfence.net.engine;

import ringfence.net.packet.Drop;
import ringfence.telemetry.CounterType;

/** What is counted of a queue's frames, beside what every daemon counts of a queue and one counter per {@link Drop}. */
enum FrameCounter implements CounterType {
    PACKETS(100, "packets", "frames that went through; a large segment counts as one"),
    BYTES(101, "bytes", "bytes of frames that went through, without their headers of virtio");

    private final int id;
    private final String label;
    private final String help;

    FrameCounter(int id, String label, String help) {
        this.id = id;
        this.label = label;
        this.help = help;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public String help() {
        return help;
    }
}
