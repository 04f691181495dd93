package ringfence.option;

import java.util.Arrays;

/**
 * Addresses of IPv4 and IPv6 as they are written (RFC 4291, 2.2). Java's own {@code InetAddress} loads a native library for
 * it, which takes a tenth of a daemon's start.
 */
public final class IpLiteral {
    /** Bytes of an address of IPv4. */
    public static final int V4 = 4;
    /** Bytes of one of IPv6. */
    public static final int V6 = 16;

    private static final int GROUP = 2;
    private static final int NONE = -1;

    private IpLiteral() {}

    /**
     * Its bytes, {@value #V4} or {@value #V6}, the first one first.
     *
     * @param text four numbers with dots between, or groups with colons between; no zone, no brackets, no name
     * @throws IllegalArgumentException if it is none
     */
    public static byte[] parse(String text) {
        return text.indexOf(':') < 0 ? v4(text) : v6(text);
    }

    private static byte[] v4(String text) {
        byte[] bytes = new byte[V4];
        int at = 0;
        for (int i = 0; i < V4; i++) {
            int end = i == V4 - 1 ? text.length() : text.indexOf('.', at);
            if (end < 0) {
                throw none(text);
            }
            bytes[i] = (byte) number(text, at, end, 10, 3, 0xFF);
            at = end + 1;
        }
        return bytes;
    }

    private static byte[] v6(String text) {
        int gap = text.indexOf("::");
        if (gap < 0) {
            byte[] all = groups(text, text);
            if (all.length != V6) {
                throw none(text);
            }
            return all;
        }
        byte[] first = groups(text.substring(0, gap), text);
        byte[] last = groups(text.substring(gap + 2), text);
        if (first.length + last.length > V6 - GROUP) {
            throw none(text);
        }
        byte[] bytes = Arrays.copyOf(first, V6);
        System.arraycopy(last, 0, bytes, V6 - last.length, last.length);
        return bytes;
    }

    /** Groups with one colon between each two; the last may be an address of IPv4 if the whole one ends with it. */
    private static byte[] groups(String part, String text) {
        byte[] bytes = new byte[V6];
        int count = 0;
        for (int at = part.isEmpty() ? NONE : 0; at != NONE; ) {
            int colon = part.indexOf(':', at);
            int end = colon < 0 ? part.length() : colon;
            boolean dotted = colon < 0 && text.endsWith(part) && part.indexOf('.', at) >= 0;
            if (count + (dotted ? V4 : GROUP) > V6) {
                throw none(text);
            }
            if (dotted) {
                System.arraycopy(v4(part.substring(at)), 0, bytes, count, V4);
                count += V4;
            } else {
                int group = number(part, at, end, 16, 4, 0xFFFF);
                bytes[count++] = (byte) (group >>> 8);
                bytes[count++] = (byte) group;
            }
            at = colon < 0 ? NONE : colon + 1;
        }
        return Arrays.copyOf(bytes, count);
    }

    private static int number(String text, int from, int to, int radix, int digits, int most) {
        int value = 0;
        if (to <= from || to - from > digits) {
            throw none(text);
        }
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) < 0x80 ? Character.digit(text.charAt(i), radix) : NONE;
            if (digit < 0) {
                throw none(text);
            }
            value = value * radix + digit;
        }
        if (value > most) {
            throw none(text);
        }
        return value;
    }

    private static IllegalArgumentException none(String text) {
        return new IllegalArgumentException("'" + text + "' is no IP address");
    }
}
