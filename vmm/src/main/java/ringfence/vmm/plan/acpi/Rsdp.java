package ringfence.vmm.plan.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The root system description pointer, revision 2 (ACPI 6.5, 5.2.5.3). */
final class Rsdp {
    static final int SIZE = 36;

    private static final int CHECKSUM_AT = 8;
    private static final int FIRST_PART = 20;
    private static final int EXTENDED_CHECKSUM_AT = 32;

    private Rsdp() {}

    static byte[] of(long xsdt) {
        byte[] bytes = new byte[SIZE];
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RSD PTR ".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 0)
                .put("RINGFN".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 2)
                .putInt(0) // no RSDT: the XSDT takes its place
                .putInt(SIZE)
                .putLong(xsdt);
        bytes[CHECKSUM_AT] = TableWriter.checksum(bytes, FIRST_PART);
        bytes[EXTENDED_CHECKSUM_AT] = TableWriter.checksum(bytes, SIZE);
        return bytes;
    }
}
