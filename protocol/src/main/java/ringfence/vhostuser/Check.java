package ringfence.vhostuser;

import static ringfence.vhostuser.WireException.require;

/** Rules that several messages share. */
final class Check {
    private Check() {}

    static void queue(String message, int queue) {
        require(queue >= 0 && queue < Wire.MAX_QUEUES, message + ": queue", Integer.toUnsignedString(queue));
    }

    static void config(String message, int offset, int size, int flags) {
        require(size > 0 && size <= Wire.MAX_CONFIG, message + ": size", Integer.toUnsignedString(size));
        require(offset >= 0 && offset <= 0x10000, message + ": offset", Integer.toUnsignedString(offset));
        require((flags & ~1) == 0, message + ": flags", "0x" + Integer.toHexString(flags));
    }
}
