package ringfence.net.packet;

import ringfence.telemetry.CounterType;

/** Why a frame, or a chain that should have held one, was dropped; each reason is counted. */
public enum Drop {
    /** A chain with buffers of the wrong direction, too short for header and frame, too long or in too many pieces. */
    MALFORMED_CHAIN(110, "malformed chain"),
    /** A checksum is asked for that was not negotiated, or lies outside the frame. */
    BAD_CHECKSUM(111, "bad checksum offset"),
    /** Segmentation is asked for that was not negotiated, or makes no sense. */
    BAD_SEGMENTATION(112, "bad segmentation"),
    /** The kernel refused the frame: its header contradicts its contents, or the interface is down. */
    REFUSED(113, "refused by the host"),
    /** The host's queue is full. */
    HOST_BUSY(114, "host busy"),
    /** The guest has posted too few receive buffers, or too short ones. */
    NO_BUFFER(115, "no receive buffer"),
    /** Switch: the receiver does not keep up. */
    PORT_BUSY(116, "port busy"),
    /** Switch: nobody is there who receives. */
    PORT_DOWN(117, "port down"),
    /** Switch: the destination lies behind the port that the frame came from. */
    SAME_PORT(118, "same port"),
    /** Switch: the source is no station's address, or not the one that the port is bound to. */
    BAD_SOURCE(119, "bad source address");

    private final String text;
    private final CounterType type;

    Drop(int id, String text) {
        this.text = text;
        type = new CounterType(id, "drop-" + text.replace(' ', '-'), "frames, or buffers for them, dropped: " + text);
    }

    /** Of its counter. */
    public CounterType type() {
        return type;
    }

    /** For people. */
    public String text() {
        return text;
    }
}
