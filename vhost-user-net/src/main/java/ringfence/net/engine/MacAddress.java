package ringfence.net.engine;

import java.util.HexFormat;

/**
 * An Ethernet address of a station.
 *
 * @param bits its 48 bits, the first byte highest
 */
public record MacAddress(long bits) {
    /** Bytes of it. */
    public static final int SIZE = 6;

    /**
     * Reads {@code 52:54:00:12:34:56}.
     *
     * @param option its name, for messages
     * @throws IllegalArgumentException if it is none, or a group's
     */
    public static MacAddress parse(String option, String text) {
        if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
            throw new IllegalArgumentException(
                    option + "=" + text + ": six bytes are needed, such as 52:54:00:12:34:56");
        }
        long bits = HexFormat.fromHexDigitsToLong(text.replace(":", ""));
        if ((bits >>> 40 & 1) != 0 || bits == 0) {
            throw new IllegalArgumentException(
                    option + "=" + text + ": a group's address, or none; the first byte must be even, such as 52");
        }
        return new MacAddress(bits);
    }

    /** As it stands in a frame. */
    public byte[] bytes() {
        byte[] bytes = new byte[SIZE];
        for (int i = 0; i < SIZE; i++) {
            bytes[i] = (byte) (bits >>> 8 * (SIZE - 1 - i));
        }
        return bytes;
    }
}
