package ringfence.vhostuser;

import java.nio.ByteBuffer;

/**
 * The 12 bytes before each payload: {@code u32 request, u32 flags, u32 size}, little-endian.
 *
 * @param code number of the request, 0 or above
 * @param reply it answers a request
 * @param needReply its sender wants an acknowledgement (REPLY_ACK)
 * @param size bytes of payload that follow, 0 to {@value #MAX_PAYLOAD}
 */
public record Header(int code, boolean reply, boolean needReply, int size) {
    /** Bytes of a header. */
    public static final int SIZE = 12;
    /** The longest payload accepted. The longest in the specification is a bit above 2 KiB. */
    public static final int MAX_PAYLOAD = 4096 - SIZE;

    private static final int VERSION = 1;
    private static final int VERSION_MASK = 3;
    private static final int REPLY = 4;
    private static final int NEED_REPLY = 8;

    /**
     * Reads 12 bytes.
     *
     * @param bytes little-endian
     * @throws WireException for another version, unknown flags, or a size that no message has
     */
    public static Header read(ByteBuffer bytes) {
        int code = bytes.getInt();
        int flags = bytes.getInt();
        int size = bytes.getInt();
        if ((flags & VERSION_MASK) != VERSION || (flags & ~(VERSION_MASK | REPLY | NEED_REPLY)) != 0) {
            throw new WireException("message " + Integer.toUnsignedString(code) + " has flags 0x"
                    + Integer.toHexString(flags) + ", version 1 is spoken here");
        }
        if (size < 0 || size > MAX_PAYLOAD) {
            throw new WireException("message " + Integer.toUnsignedString(code) + " has a payload of "
                    + Integer.toUnsignedString(size) + " bytes, the limit is " + MAX_PAYLOAD);
        }
        return new Header(code, (flags & REPLY) != 0, (flags & NEED_REPLY) != 0, size);
    }

    /** Writes 12 bytes. */
    public void write(ByteBuffer bytes) {
        bytes.putInt(code);
        bytes.putInt(VERSION | (reply ? REPLY : 0) | (needReply ? NEED_REPLY : 0));
        bytes.putInt(size);
    }
}
