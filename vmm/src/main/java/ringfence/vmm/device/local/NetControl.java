package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.DeviceType;
import ringfence.virtio.Feature;
import ringfence.virtio.NetControlLayout;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * The control queue of a network device (virtio 1.3, 5.1.6.5), as a device of one queue. A command that belongs to no
 * feature that the driver has taken, has another length than its kind, or asks for what there is not, is answered with
 * VIRTIO_NET_ERR and has no effect; one that leaves no room for an answer has none either.
 *
 * <p>Receive modes and tables of addresses are accepted and have no effect: a device that receives more than it was asked
 * to is within its rights (5.1.6.5.1), and what is for whom is decided by the network behind it.
 */
public final class NetControl extends LocalDevice {
    private static final ValueLayout.OfLong LE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final NetCommands commands;
    private final MemorySegment head =
            Arena.ofAuto().allocate(NetControlLayout.HEADER + Long.BYTES); // the longest that is looked at

    /**
     * A control queue.
     *
     * @param id of the queue's thread
     * @param queueSize most entries, a power of two
     * @param commands who carries the commands out
     */
    public NetControl(Linux linux, String id, int queueSize, MemoryTable memory, NetCommands commands) {
        super(linux, id, DeviceType.NET, 1, queueSize, memory);
        this.commands = commands;
    }

    @Override
    long deviceFeatures() {
        return 0;
    }

    @Override
    boolean canServe(int queue) {
        return true;
    }

    @Override
    int serve(int queue, ChainCursor chain) {
        if (chain.writableBytes() == 0) {
            return 0;
        }
        chain.writeByte(0, carriedOut(chain) ? NetControlLayout.OK : NetControlLayout.ERR);
        return 1;
    }

    private boolean carriedOut(ChainCursor chain) {
        long data = chain.readableBytes() - NetControlLayout.HEADER;
        if (data < 0) {
            return false;
        }
        chain.copyIn(0, head, 0, head.byteSize());
        int command = head.get(ValueLayout.JAVA_BYTE, 1) & 0xFF;
        return switch (head.get(ValueLayout.JAVA_BYTE, 0) & 0xFF) {
            case NetControlLayout.RX -> rx(command, data);
            case NetControlLayout.MAC ->
                switch (command) {
                    case NetControlLayout.MAC_TABLE_SET -> has(NetControlLayout.F_CTRL_RX) && areTables(chain, data);
                    case NetControlLayout.MAC_ADDR_SET -> address(data);
                    default -> false;
                };
            case NetControlLayout.ANNOUNCE -> announced(command, data);
            case NetControlLayout.MQ -> pairs(command, data);
            case NetControlLayout.GUEST_OFFLOADS -> offloads(command, data);
            default -> false;
        };
    }

    private boolean has(long feature) {
        return Feature.has(commands.acknowledged(), feature);
    }

    private int data(int at) {
        return head.get(ValueLayout.JAVA_BYTE, NetControlLayout.HEADER + at) & 0xFF;
    }

    private boolean rx(int command, long data) {
        boolean known = command == NetControlLayout.RX_PROMISC || command == NetControlLayout.RX_ALLMULTI;
        return known && data == 1 && data(0) <= 1 && has(NetControlLayout.F_CTRL_RX);
    }

    /** Two tables and nothing behind them. Their addresses are not read: nothing is filtered here. */
    private static boolean areTables(ChainCursor chain, long data) {
        long at = 0;
        for (int table = 0; table < 2; table++) {
            if (data - at < NetControlLayout.TABLE_HEADER) {
                return false;
            }
            long entries = Integer.toUnsignedLong(chain.readInt(NetControlLayout.HEADER + at));
            at += NetControlLayout.TABLE_HEADER + entries * NetControlLayout.ADDRESS;
        }
        return at == data;
    }

    private boolean address(long data) {
        if (data != NetControlLayout.ADDRESS || !has(NetControlLayout.F_CTRL_MAC_ADDR)) {
            return false;
        }
        return commands.address(
                head.asSlice(NetControlLayout.HEADER, NetControlLayout.ADDRESS).toArray(ValueLayout.JAVA_BYTE));
    }

    private boolean announced(int command, long data) {
        if (command != NetControlLayout.ANNOUNCE_ACK || data != 0 || !has(NetControlLayout.F_GUEST_ANNOUNCE)) {
            return false;
        }
        commands.announced();
        return true;
    }

    private boolean offloads(int command, long data) {
        return command == NetControlLayout.GUEST_OFFLOADS_SET
                && data == Long.BYTES
                && has(NetControlLayout.F_CTRL_GUEST_OFFLOADS)
                && commands.offloads(head.get(LE64, NetControlLayout.HEADER));
    }

    private boolean pairs(int command, long data) {
        return command == NetControlLayout.MQ_VQ_PAIRS_SET
                && data == 2
                && has(NetLayout.F_MQ)
                && commands.pairs(data(0) | data(1) << 8);
    }
}
