package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.virtio.VsockLayout;
import ringfence.virtio.queue.ChainCursor;

/** A packet's header (virtio 1.3, 5.10.6), copied once on its way in. Reused; one owner thread. */
final class VsockPacket {
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment header = Arena.ofAuto().allocate(VsockLayout.HEADER, 8);

    /** Copies it from a chain. @return false: the chain is shorter than a header */
    boolean read(ChainCursor chain) {
        return chain.copyIn(0, header, 0, VsockLayout.HEADER) == VsockLayout.HEADER;
    }

    /** Lays one out, of the host's. */
    void begin(int op, long guest, int hostPort, int guestPort) {
        header.set(LE64, VsockLayout.SRC_CID, VsockLayout.HOST_CID);
        header.set(LE64, VsockLayout.DST_CID, guest);
        header.set(LE32, VsockLayout.SRC_PORT, hostPort);
        header.set(LE32, VsockLayout.DST_PORT, guestPort);
        header.set(LE32, VsockLayout.LEN, 0);
        header.set(LE16, VsockLayout.TYPE, (short) VsockLayout.STREAM);
        header.set(LE16, VsockLayout.OP, (short) op);
        header.set(LE32, VsockLayout.FLAGS, 0);
        header.set(LE32, VsockLayout.BUF_ALLOC, 0);
        header.set(LE32, VsockLayout.FWD_CNT, 0);
    }

    void length(int bytes) {
        header.set(LE32, VsockLayout.LEN, bytes);
    }

    void flags(int bits) {
        header.set(LE32, VsockLayout.FLAGS, bits);
    }

    void room(int bufAlloc, int fwdCnt) {
        header.set(LE32, VsockLayout.BUF_ALLOC, bufAlloc);
        header.set(LE32, VsockLayout.FWD_CNT, fwdCnt);
    }

    /** Copies it to the beginning of a chain, which has room for it. */
    void write(ChainCursor chain) {
        chain.copyOut(0, header, 0, VsockLayout.HEADER);
    }

    long source() {
        return header.get(LE64, VsockLayout.SRC_CID);
    }

    long destination() {
        return header.get(LE64, VsockLayout.DST_CID);
    }

    int sourcePort() {
        return header.get(LE32, VsockLayout.SRC_PORT);
    }

    int destinationPort() {
        return header.get(LE32, VsockLayout.DST_PORT);
    }

    /** Bytes behind the header, as it says. */
    long length() {
        return Integer.toUnsignedLong(header.get(LE32, VsockLayout.LEN));
    }

    int type() {
        return Short.toUnsignedInt(header.get(LE16, VsockLayout.TYPE));
    }

    int op() {
        return Short.toUnsignedInt(header.get(LE16, VsockLayout.OP));
    }

    int flags() {
        return header.get(LE32, VsockLayout.FLAGS);
    }

    int bufAlloc() {
        return header.get(LE32, VsockLayout.BUF_ALLOC);
    }

    int fwdCnt() {
        return header.get(LE32, VsockLayout.FWD_CNT);
    }
}
