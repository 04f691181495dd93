package ringfence.vmm.config;

import java.util.Locale;
import ringfence.option.Json;
import ringfence.option.OptionException;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;

/**
 * An Ethernet address of 48 bits.
 *
 * @param bits the address, its first byte in bits 40 to 47; 0 to 2^48 - 1
 */
public record MacAddress(long bits) {
    /** Bytes of an address. */
    public static final int BYTES = 6;

    private static final long MASK = (1L << 48) - 1;
    private static final long GROUP = 1L << 40; // first bit on the wire: more than one receiver
    private static final long LOCAL = 1L << 41; // second bit: given by an administrator, not by a manufacturer
    private static final int TEXT = 17;

    /** @throws IllegalArgumentException if it has more than 48 bits */
    public MacAddress {
        if ((bits & ~MASK) != 0) {
            throw new IllegalArgumentException("an Ethernet address has 48 bits: 0x" + Long.toHexString(bits));
        }
    }

    /**
     * An address that a host makes up: unicast, locally administered.
     *
     * @param random any bits; 46 of them are taken
     */
    public static MacAddress local(long random) {
        return new MacAddress(random & MASK & ~GROUP | LOCAL);
    }

    /** {@code 52:54:00:12:34:56}, with two hexadecimal digits a byte. @throws OptionException if it is not */
    public static MacAddress parse(String text) {
        long bits = 0;
        boolean good = text.length() == TEXT;
        for (int i = 0; good && i < TEXT; i++) {
            char c = text.charAt(i);
            if (i % 3 == 2) {
                good = c == ':';
            } else {
                int digit = c < 128 ? Character.digit(c, 16) : -1;
                good = digit >= 0;
                bits = bits << 4 | digit;
            }
        }
        if (!good) {
            throw new OptionException("'" + text + "' is no Ethernet address: write one such as 52:54:00:12:34:56");
        }
        return new MacAddress(bits);
    }

    static OptionType<MacAddress> type() {
        return new Type();
    }

    /** Whether it names one station: not a group, and not none. */
    public boolean isUnicast() {
        return bits != 0 && (bits & GROUP) == 0;
    }

    /** Its bytes, as they travel. */
    public byte[] bytes() {
        byte[] bytes = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            bytes[i] = (byte) (bits >>> 8 * (BYTES - 1 - i));
        }
        return bytes;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(TEXT);
        for (byte b : bytes()) {
            text.append(text.isEmpty() ? "" : ":").append(String.format(Locale.ROOT, "%02x", b));
        }
        return text.toString();
    }

    private record Type() implements OptionType<MacAddress> {
        private static final OptionType<String> TEXT_TYPE = OptionTypes.text("mac");

        @Override
        public MacAddress parse(String text) {
            return MacAddress.parse(text);
        }

        @Override
        public MacAddress read(Json json) {
            return MacAddress.parse(TEXT_TYPE.read(json));
        }

        @Override
        public Json write(MacAddress value) {
            return new Json.Str(value.toString());
        }

        @Override
        public String syntax() {
            return TEXT_TYPE.syntax();
        }

        @Override
        public Json.Obj schema() {
            return TEXT_TYPE.schema();
        }
    }
}
