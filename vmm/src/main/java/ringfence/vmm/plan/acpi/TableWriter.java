package ringfence.vmm.plan.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes one system description table (ACPI 6.5, 5.2.6): the header, whatever fields follow, and at the end length and
 * checksum.
 */
final class TableWriter {
    /** Bytes of the header. */
    static final int HEADER = 36;

    private static final int LENGTH_AT = 4;
    private static final int CHECKSUM_AT = 9;
    private static final int CREATOR_REVISION = 1;

    private final ByteBuffer bytes;

    /** @param capacity more than the table will need */
    TableWriter(String signature, int revision, int capacity) {
        bytes = ByteBuffer.allocate(HEADER + capacity).order(ByteOrder.LITTLE_ENDIAN);
        text(signature, 4).u32(0).u8(revision).u8(0);
        text("RINGFN", 6).text("RINGFNCE", 8).u32(1).text("RFNC", 4).u32(CREATOR_REVISION);
    }

    TableWriter u8(int value) {
        bytes.put((byte) value);
        return this;
    }

    TableWriter u16(int value) {
        bytes.putShort((short) value);
        return this;
    }

    TableWriter u32(long value) {
        bytes.putInt((int) value);
        return this;
    }

    TableWriter u64(long value) {
        bytes.putLong(value);
        return this;
    }

    /** Text, filled up with zeroes. */
    TableWriter text(String text, int length) {
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        bytes.put(ascii).put(new byte[length - ascii.length]);
        return this;
    }

    TableWriter raw(byte[] raw) {
        bytes.put(raw);
        return this;
    }

    /** Zeroes up to this offset from the table's start. */
    TableWriter zeroTo(int offset) {
        bytes.put(new byte[offset - bytes.position()]);
        return this;
    }

    /** A generic address structure (5.2.3.2) of a byte-wide I/O port. */
    TableWriter port(int port) {
        return u8(1).u8(8).u8(0).u8(1).u64(port);
    }

    /** The table. */
    byte[] table() {
        byte[] table = new byte[bytes.position()];
        bytes.putInt(LENGTH_AT, table.length);
        bytes.get(0, table);
        table[CHECKSUM_AT] = checksum(table, table.length);
        return table;
    }

    /** What makes the first {@code length} bytes add up to zero. */
    static byte checksum(byte[] table, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += table[i];
        }
        return (byte) -sum;
    }
}
