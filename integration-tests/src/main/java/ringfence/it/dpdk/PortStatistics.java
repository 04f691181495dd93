package ringfence.it.dpdk;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What testpmd says of a port.
 *
 * @param received frames that it got
 * @param receivedBytes their bytes
 * @param sent frames that it gave away
 * @param sentBytes their bytes
 * @param lost frames that it got and had no memory for
 */
public record PortStatistics(long received, long receivedBytes, long sent, long sentBytes, long lost) {
    /** Of an answer to {@code show port stats N}. @throws IllegalArgumentException if it is none */
    static PortStatistics parse(String text) {
        return new PortStatistics(
                number(text, "RX-packets"),
                number(text, "RX-bytes"),
                number(text, "TX-packets"),
                number(text, "TX-bytes"),
                number(text, "RX-nombuf") + number(text, "RX-missed"));
    }

    private static long number(String text, String name) {
        Matcher matcher = Pattern.compile(name + ": *(\\d+)").matcher(text);
        if (!matcher.find()) {
            throw new IllegalArgumentException("no " + name + " in: " + text);
        }
        return Long.parseLong(matcher.group(1));
    }
}
