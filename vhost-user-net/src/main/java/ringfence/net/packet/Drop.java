package ringfence.net.packet;

/** Why a frame, or a chain that should have held one, was dropped. */
public enum Drop {
    /** A chain with buffers of the wrong direction, too short for header and frame, too long or in too many pieces. */
    MALFORMED_CHAIN("malformed chain"),
    /** A checksum is asked for that was not negotiated, or lies outside the frame. */
    BAD_CHECKSUM("bad checksum offset"),
    /** Segmentation is asked for that was not negotiated, or makes no sense. */
    BAD_SEGMENTATION("bad segmentation"),
    /** The kernel refused the frame: its header contradicts its contents, or the interface is down. */
    REFUSED("refused by the host"),
    /** The host's queue is full. */
    HOST_BUSY("host busy"),
    /** The guest has posted too few receive buffers, or too short ones. */
    NO_BUFFER("no receive buffer");

    private final String label;

    Drop(String label) {
        this.label = label;
    }

    /** For people. */
    public String label() {
        return label;
    }
}
