package ringfence.vmm.config;

import java.util.OptionalInt;
import ringfence.option.IpLiteral;
import ringfence.option.Json;
import ringfence.option.OptionException;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;

/**
 * An address of IPv4 or IPv6, or the mask of one, as it was written. Nothing is ever looked up.
 *
 * @param text such as {@code 192.168.249.1}, {@code fd00::1} or {@code 255.255.255.0}
 */
public record IpAddress(String text) {
    /** @throws OptionException if it is no address */
    public IpAddress {
        bytes(text);
    }

    private static byte[] bytes(String text) {
        try {
            return IpLiteral.parse(text);
        } catch (IllegalArgumentException _) {
            throw new OptionException("'" + text + "' is no IP address: write one such as 192.168.249.1 or fd00::1");
        }
    }

    static OptionType<IpAddress> type() {
        return new Type();
    }

    /** Whether it is of IPv4. */
    public boolean isV4() {
        return text.indexOf(':') < 0;
    }

    /** How many bits a mask has at its beginning; empty: it has others too, and is no mask. */
    OptionalInt prefix() {
        int length = 0;
        boolean over = false;
        for (byte b : bytes(text)) {
            for (int bit = 7; bit >= 0; bit--) {
                boolean set = (b >> bit & 1) != 0;
                if (set && over) {
                    return OptionalInt.empty();
                }
                over |= !set;
                length += set ? 1 : 0;
            }
        }
        return OptionalInt.of(length);
    }

    /** The prefix that an IPv4 address has where none is said: that of its class, as the kernel gives it. */
    int classPrefix() {
        int first = bytes(text)[0] & 0xFF;
        return first < 128 ? 8 : first < 192 ? 16 : 24;
    }

    @Override
    public String toString() {
        return text;
    }

    private record Type() implements OptionType<IpAddress> {
        private static final OptionType<String> TEXT_TYPE = OptionTypes.text("ip");

        @Override
        public IpAddress parse(String text) {
            return new IpAddress(text);
        }

        @Override
        public IpAddress read(Json json) {
            return new IpAddress(TEXT_TYPE.read(json));
        }

        @Override
        public Json write(IpAddress value) {
            return new Json.Str(value.text());
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
