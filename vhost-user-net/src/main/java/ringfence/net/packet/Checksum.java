package ringfence.net.packet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The Internet checksum, RFC 1071. Pure. */
final class Checksum {
    private static final ValueLayout.OfShort BE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt BE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Checksum() {}

    /** Adds bytes to a sum that is not folded; an odd last one as if a zero followed. Good for 2 GiB. */
    static long add(long sum, MemorySegment bytes, long at, long length) {
        long total = sum;
        long i = 0;
        for (; i + 4 <= length; i += 4) {
            total += bytes.get(BE32, at + i) & 0xFFFF_FFFFL;
        }
        if (i + 2 <= length) {
            total += bytes.get(BE16, at + i) & 0xFFFF;
            i += 2;
        }
        if (i < length) {
            total += (bytes.get(ValueLayout.JAVA_BYTE, at + i) & 0xFF) << 8;
        }
        return total;
    }

    /** What stands in a header: the complement of the folded sum. */
    static int finish(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xFFFF) + (folded >>> 16);
        }
        return (int) (~folded & 0xFFFF);
    }

    /** The same, where 0 would mean that there is none (UDP): 0xFFFF, which is as good. */
    static int finishNonZero(long sum) {
        int value = finish(sum);
        return value == 0 ? 0xFFFF : value;
    }
}
