package ringfence.vhostuser;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Structures that several payloads share; each is read and written here and nowhere else. */
final class Fields {
    private Fields() {}

    static MemoryRegion region(ByteBuffer in) {
        return new MemoryRegion(in.getLong(), in.getLong(), in.getLong(), in.getLong());
    }

    static void region(MemoryRegion region, ByteBuffer out) {
        out.putLong(region.guestAddress())
                .putLong(region.size())
                .putLong(region.userAddress())
                .putLong(region.offset());
    }

    /** {@code u32 count, u32 padding, region[count]}. */
    static List<MemoryRegion> regions(ByteBuffer in) {
        int count = in.getInt();
        in.getInt();
        WireException.require(
                count > 0 && count <= Wire.MAX_REGIONS && in.remaining() == count * Wire.REGION,
                "memory regions, " + in.remaining() + " bytes of them",
                Integer.toUnsignedString(count));
        List<MemoryRegion> regions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            regions.add(region(in));
        }
        return regions;
    }

    static void regions(List<MemoryRegion> regions, ByteBuffer out) {
        out.putInt(regions.size()).putInt(0);
        regions.forEach(region -> region(region, out));
    }

    /** {@code u64 padding, region}. */
    static MemoryRegion singleRegion(ByteBuffer in) {
        in.getLong();
        return region(in);
    }

    static void singleRegion(MemoryRegion region, ByteBuffer out) {
        out.putLong(0);
        region(region, out);
    }

    /** 20 or 24 bytes are accepted, 24 are sent. */
    static InflightArea inflight(ByteBuffer in) {
        WireException.require(
                in.remaining() == Wire.INFLIGHT_PACKED || in.remaining() == Wire.INFLIGHT,
                "inflight area: payload, 20 or 24 bytes",
                in.remaining());
        InflightArea area = new InflightArea(
                in.getLong(), in.getLong(), Short.toUnsignedInt(in.getShort()), Short.toUnsignedInt(in.getShort()));
        in.position(in.limit());
        return area;
    }

    static void inflight(InflightArea area, ByteBuffer out) {
        out.putLong(area.size())
                .putLong(area.offset())
                .putShort((short) area.queues())
                .putShort((short) area.queueSize())
                .putInt(0);
    }

    /** 26 bytes or more are accepted, the 32 of the C structure are sent. */
    static Iotlb iotlb(ByteBuffer in) {
        Iotlb entry = new Iotlb(
                in.getLong(), in.getLong(), in.getLong(), Byte.toUnsignedInt(in.get()), Byte.toUnsignedInt(in.get()));
        in.position(in.limit());
        return entry;
    }

    static void iotlb(Iotlb entry, ByteBuffer out) {
        out.putLong(entry.iova())
                .putLong(entry.size())
                .putLong(entry.userAddress())
                .put((byte) entry.permission())
                .put((byte) entry.kind())
                .putShort((short) 0)
                .putInt(0);
    }

    /** 16 bytes in the order of their text, most significant first, as {@code QemuUUID}. */
    static UUID uuid(ByteBuffer in) {
        return new UUID(Long.reverseBytes(in.getLong()), Long.reverseBytes(in.getLong()));
    }

    static void uuid(UUID uuid, ByteBuffer out) {
        out.putLong(Long.reverseBytes(uuid.getMostSignificantBits()))
                .putLong(Long.reverseBytes(uuid.getLeastSignificantBits()));
    }

    static SharedMap map(ByteBuffer in) {
        int region = Byte.toUnsignedInt(in.get());
        in.position(in.position() + 7);
        long fileOffset = in.getLong();
        long regionOffset = in.getLong();
        long length = in.getLong();
        long flags = in.getLong();
        WireException.require((flags & ~1) == 0, "BACKEND_SHMEM_MAP: flags", "0x" + Long.toHexString(flags));
        return new SharedMap(region, fileOffset, regionOffset, length, flags != 0);
    }

    static void map(SharedMap map, ByteBuffer out) {
        out.putLong(map.region())
                .putLong(map.fileOffset())
                .putLong(map.regionOffset())
                .putLong(map.length())
                .putLong(map.writable() ? 1 : 0);
    }

    /** All that is left. */
    static byte[] rest(ByteBuffer in) {
        byte[] bytes = new byte[in.remaining()];
        in.get(bytes);
        return bytes;
    }

    /** {@code u32 queue, u32 number}. */
    static void state(int queue, int number, ByteBuffer out) {
        out.putInt(queue).putInt(number);
    }

    /** A number that must be 0 or 1. */
    static boolean flag(String what, int number) {
        WireException.require((number & ~1) == 0, what, Integer.toUnsignedString(number));
        return number == 1;
    }

    /** The payload of SET_VRING_KICK, CALL and ERR: index, and whether there is no descriptor. */
    static long vringFd(MessageType type, ByteBuffer in, int descriptors) {
        long word = in.getLong();
        WireException.require(
                (word & ~(Wire.VRING_INDEX | Wire.NO_DESCRIPTOR)) == 0,
                type + ": unknown bits",
                Long.toHexString(word));
        WireException.require(
                descriptors == ((word & Wire.NO_DESCRIPTOR) != 0 ? 0 : 1),
                type + ": descriptors for payload 0x" + Long.toHexString(word),
                descriptors);
        return word;
    }

    static void vringFd(int queue, boolean withDescriptor, ByteBuffer out) {
        out.putLong(queue | (withDescriptor ? 0 : Wire.NO_DESCRIPTOR));
    }
}
