package ringfence.vmm.config;

/**
 * Work on packets that may be left to the other side.
 *
 * @param csum checksums
 * @param tso segmentation of TCP
 * @param ufo fragmentation of UDP
 */
public record NetOffloads(boolean csum, boolean tso, boolean ufo) {
    /** All of it, which is the default. */
    public static final NetOffloads ALL = new NetOffloads(true, true, true);
}
