package ringfence.net.packet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;

/**
 * What a header may ask for, as negotiated. Immutable; nothing here allocates.
 *
 * @param size bytes of a header: 12, or 10 for a driver of before virtio 1.0
 * @param checksum whether frames may come without a checksum (CSUM)
 * @param tso4 whether TCP over IPv4 may come in large segments
 * @param tso6 the same over IPv6
 * @param ecn the same with ECN
 * @param uso whether UDP may
 */
public record HeaderRules(int size, boolean checksum, boolean tso4, boolean tso6, boolean ecn, boolean uso) {
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int CHECKSUM_BYTES = 2;

    /** Of these feature bits. */
    public static HeaderRules of(long features) {
        boolean modern = (features & (Feature.VERSION_1 | NetLayout.F_MRG_RXBUF)) != 0;
        return new HeaderRules(
                modern ? NetLayout.HEADER : NetLayout.LEGACY_HEADER,
                Feature.has(features, NetLayout.F_CSUM),
                Feature.has(features, NetLayout.F_HOST_TSO4),
                Feature.has(features, NetLayout.F_HOST_TSO6),
                Feature.has(features, NetLayout.F_HOST_ECN),
                Feature.has(features, NetLayout.F_HOST_USO));
    }

    /**
     * Checks a header of the transmit side, and clears the flags that the device has to ignore, 5.1.6.2.2.
     *
     * @param header a private copy, {@link #size} bytes
     * @param frame bytes of the frame behind it
     * @return what is wrong; null: nothing
     */
    public Drop check(MemorySegment header, long frame) {
        int flags = header.get(ValueLayout.JAVA_BYTE, NetLayout.HEADER_FLAGS) & NetLayout.NEEDS_CSUM;
        header.set(ValueLayout.JAVA_BYTE, NetLayout.HEADER_FLAGS, (byte) flags);
        if (flags != 0) {
            int end = word(header, NetLayout.HEADER_CSUM_START)
                    + word(header, NetLayout.HEADER_CSUM_OFFSET)
                    + CHECKSUM_BYTES;
            if (!checksum || end > frame) {
                return Drop.BAD_CHECKSUM;
            }
        }
        int type = header.get(ValueLayout.JAVA_BYTE, NetLayout.HEADER_GSO_TYPE) & 0xFF;
        if (type == NetLayout.GSO_NONE) {
            return null;
        }
        boolean sized = word(header, NetLayout.HEADER_GSO_SIZE) != 0 && word(header, NetLayout.HEADER_HDR_LEN) <= frame;
        return sized && isNegotiated(type) ? null : Drop.BAD_SEGMENTATION;
    }

    private boolean isNegotiated(int type) {
        return switch (type) {
            case NetLayout.GSO_TCPV4 -> tso4;
            case NetLayout.GSO_TCPV6 -> tso6;
            case NetLayout.GSO_TCPV4 | NetLayout.GSO_ECN -> tso4 && ecn;
            case NetLayout.GSO_TCPV6 | NetLayout.GSO_ECN -> tso6 && ecn;
            case NetLayout.GSO_UDP_L4 -> uso;
            default -> false;
        };
    }

    private static int word(MemorySegment header, long at) {
        return Short.toUnsignedInt(header.get(LE16, at));
    }
}
