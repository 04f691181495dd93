package ringfence.net.engine;

/** Lengths of Ethernet frames, bytes, without the header of virtio. */
final class Frames {
    /** An Ethernet header. */
    static final int SHORTEST = 14;
    /** Ethernet header and a VLAN's tag, before what the MTU counts. */
    static final int AROUND_MTU = 18;
    /** The largest IP packet, segmented later. */
    static final int LONGEST = 65_535 + AROUND_MTU;
    /** What an interface with an unknown MTU may send. */
    static final int MTU_BY_DEFAULT = 1500;

    private Frames() {}
}
