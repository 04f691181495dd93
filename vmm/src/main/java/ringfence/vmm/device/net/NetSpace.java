package ringfence.vmm.device.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import ringfence.virtio.NetControlLayout;
import ringfence.virtio.NetLayout;
import ringfence.vmm.config.MacAddress;

/** The configuration space of a network device (virtio 1.3, 5.1.4). Any thread; readers see whole states. */
final class NetSpace {
    private final byte[] initial;
    private volatile byte[] now;

    /** At first: the link is up, the address is the one given. */
    NetSpace(MacAddress mac, int pairs, OptionalInt mtu) {
        ByteBuffer space = ByteBuffer.allocate(NetLayout.CONFIG).order(ByteOrder.LITTLE_ENDIAN);
        space.put(NetLayout.CONFIG_MAC, mac.bytes())
                .putShort(NetLayout.CONFIG_STATUS, (short) NetLayout.S_LINK_UP)
                .putShort(NetLayout.CONFIG_MAX_PAIRS, (short) pairs)
                .putShort(NetLayout.CONFIG_MTU, (short) mtu.orElse(0))
                .putInt(NetLayout.CONFIG_SPEED, NetControlLayout.SPEED_UNKNOWN)
                .put(NetLayout.CONFIG_DUPLEX, (byte) NetControlLayout.DUPLEX_FULL);
        initial = space.array();
        now = initial;
    }

    /** See {@link ringfence.vmm.device.VirtioDevice#readConfig}. */
    long read(int offset, int width) {
        byte[] space = now;
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            int at = offset + i;
            value = value << 8 | (at < space.length ? space[at] & 0xFF : 0);
        }
        return value;
    }

    synchronized void address(byte[] mac) {
        byte[] next = now.clone();
        System.arraycopy(mac, 0, next, NetLayout.CONFIG_MAC, NetControlLayout.ADDRESS);
        now = next;
    }

    /** Whether the driver is to announce itself. */
    synchronized void announce(boolean wanted) {
        byte[] next = now.clone();
        int status = next[NetLayout.CONFIG_STATUS] & ~NetControlLayout.S_ANNOUNCE;
        next[NetLayout.CONFIG_STATUS] = (byte) (wanted ? status | NetControlLayout.S_ANNOUNCE : status);
        now = next;
    }

    /** The driver has reset the device: all is as at first. */
    synchronized void reset() {
        now = initial;
    }
}
