package ringfence.linux;

/**
 * What the reader of a tap can take (TUNSETOFFLOAD), by {@code <linux/if_tun.h>}. The kernel wants {@link #CSUM} with
 * every other, a TSO with {@link #TSO_ECN}, and both of {@link #USO4} and {@link #USO6} or none.
 */
public enum TapOffload implements Flag {
    /** Frames without a checksum. */
    CSUM(1),
    /** TCP segments over IPv4, up to 64 KiB. */
    TSO4(2),
    /** TCP segments over IPv6. */
    TSO6(4),
    /** TCP segments with ECN. */
    TSO_ECN(8),
    /** UDP datagrams over IPv4 to be cut; Linux 6.2. */
    USO4(0x20),
    /** UDP datagrams over IPv6 to be cut; Linux 6.2. */
    USO6(0x40);

    private final int bits;

    TapOffload(int bits) {
        this.bits = bits;
    }

    @Override
    public int bits() {
        return bits;
    }
}
