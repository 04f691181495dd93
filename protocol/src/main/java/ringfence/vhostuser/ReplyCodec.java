package ringfence.vhostuser;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Payloads of answers. */
final class ReplyCodec {
    private ReplyCodec() {}

    /** Reads the payload of an answer of this kind, whose size is within its limits. */
    static Reply read(ReplyKind kind, ByteBuffer in) {
        return switch (kind) {
            case ACK, U64, DEVICE_STATE -> new Reply.U64(in.getLong());
            case DONE, USERFAULT, SHARED_OBJECT -> {
                in.position(in.limit());
                yield new Reply.Done();
            }
            case VRING_BASE -> new Reply.VringBase(in.getInt(), in.getInt());
            case CONFIG -> config(in);
            case CRYPTO_SESSION -> new Reply.CryptoSession(Fields.rest(in));
            case INFLIGHT -> new Reply.Inflight(Fields.inflight(in));
            case REGIONS -> new Reply.Regions(Fields.regions(in));
            case SHARED_MEMORY -> sharedMemory(in);
        };
    }

    private static Reply config(ByteBuffer in) {
        if (!in.hasRemaining()) {
            return Reply.Config.FAILED;
        }
        WireException.require(
                in.remaining() >= Wire.CONFIG_HEADER, "reply to GET_CONFIG: payload, bytes", in.remaining());
        int offset = in.getInt();
        int size = in.getInt();
        int flags = in.getInt();
        WireException.require(
                size == in.remaining() || size == 0,
                "reply to GET_CONFIG: size, " + in.remaining() + " bytes came",
                Integer.toUnsignedString(size));
        byte[] bytes = Fields.rest(in);
        return size == 0 ? Reply.Config.FAILED : new Reply.Config(offset, bytes, flags);
    }

    private static Reply sharedMemory(ByteBuffer in) {
        int regions = in.getInt();
        in.getInt();
        List<Long> sizes = new ArrayList<>();
        int present = 0;
        while (in.hasRemaining()) {
            long size = in.getLong();
            present += size != 0 ? 1 : 0;
            sizes.add(size);
        }
        WireException.require(present == regions, "GET_SHMEM_CONFIG: regions, " + present + " have a size", regions);
        return new Reply.SharedMemory(sizes);
    }

    /** Writes the payload. */
    static void write(Reply reply, ByteBuffer out) {
        switch (reply) {
            case Reply.U64(long value) -> out.putLong(value);
            case Reply.Done _ -> {}
            case Reply.VringBase(int queue, int base) -> Fields.state(queue, base, out);
            case Reply.Config(int offset, byte[] bytes, int flags) -> {
                if (bytes.length > 0) {
                    out.putInt(offset).putInt(bytes.length).putInt(flags).put(bytes);
                }
            }
            case Reply.CryptoSession(byte[] session) -> out.put(session);
            case Reply.Inflight(InflightArea area) -> Fields.inflight(area, out);
            case Reply.Regions(List<MemoryRegion> regions) -> Fields.regions(regions, out);
            case Reply.SharedMemory(List<Long> sizes) -> {
                int present = (int) sizes.stream().filter(size -> size != 0).count();
                out.putInt(present).putInt(0);
                for (int i = 0; i < Wire.MAX_SHARED_MEMORY; i++) {
                    out.putLong(i < sizes.size() ? sizes.get(i) : 0);
                }
            }
        }
    }
}
