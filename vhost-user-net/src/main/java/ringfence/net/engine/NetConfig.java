package ringfence.net.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;
import ringfence.linux.TapOffload;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;

/** Features and configuration space, as pure functions of options and interface. Virtio 1.3, 5.1.3 and 5.1.4. */
final class NetConfig {
    /** What a tap says of itself. */
    static final int SPEED_MBITS = 10_000;

    private static final long ALWAYS = NetLayout.F_CSUM
            | NetLayout.F_GUEST_CSUM
            | NetLayout.F_GUEST_TSO4
            | NetLayout.F_GUEST_TSO6
            | NetLayout.F_GUEST_ECN
            | NetLayout.F_HOST_TSO4
            | NetLayout.F_HOST_TSO6
            | NetLayout.F_HOST_ECN
            | NetLayout.F_MRG_RXBUF
            | NetLayout.F_STATUS
            | NetLayout.F_SPEED_DUPLEX;
    private static final long USO = NetLayout.F_HOST_USO | NetLayout.F_GUEST_USO4 | NetLayout.F_GUEST_USO6;

    private NetConfig() {}

    static long features(NetOptions options, OptionalInt mtu, boolean uso) {
        return ALWAYS
                | (uso ? USO : 0)
                | (options.pairs() > 1 ? NetLayout.F_MQ : 0)
                | (options.mac().isPresent() ? NetLayout.F_MAC : 0)
                | (mtu.isPresent() ? NetLayout.F_MTU : 0);
    }

    static byte[] space(NetOptions options, OptionalInt mtu) {
        ByteBuffer space = ByteBuffer.allocate(NetLayout.CONFIG).order(ByteOrder.LITTLE_ENDIAN);
        options.mac().ifPresent(mac -> space.put(NetLayout.CONFIG_MAC, mac.bytes()));
        space.putShort(NetLayout.CONFIG_STATUS, (short) NetLayout.S_LINK_UP);
        space.putShort(NetLayout.CONFIG_MAX_PAIRS, (short) options.pairs());
        space.putShort(NetLayout.CONFIG_MTU, (short) mtu.orElse(0));
        space.putInt(NetLayout.CONFIG_SPEED, SPEED_MBITS);
        space.put(NetLayout.CONFIG_DUPLEX, (byte) 1);
        return space.array();
    }

    /** What the driver can take, in a combination that the kernel takes; the rest of it counts for nothing. */
    static Set<TapOffload> offloads(long features) {
        Set<TapOffload> offloads = EnumSet.noneOf(TapOffload.class);
        if (!Feature.has(features, NetLayout.F_GUEST_CSUM)) {
            return offloads;
        }
        offloads.add(TapOffload.CSUM);
        addIf(offloads, TapOffload.TSO4, Feature.has(features, NetLayout.F_GUEST_TSO4));
        addIf(offloads, TapOffload.TSO6, Feature.has(features, NetLayout.F_GUEST_TSO6));
        addIf(offloads, TapOffload.TSO_ECN, offloads.size() > 1 && Feature.has(features, NetLayout.F_GUEST_ECN));
        if (Feature.has(features, NetLayout.F_GUEST_USO4 | NetLayout.F_GUEST_USO6)) {
            offloads.add(TapOffload.USO4);
            offloads.add(TapOffload.USO6);
        }
        return offloads;
    }

    private static void addIf(Set<TapOffload> offloads, TapOffload one, boolean wanted) {
        if (wanted) {
            offloads.add(one);
        }
    }

    /** Whether a frame for the guest may be longer than the MTU. */
    static boolean receivesSegments(Set<TapOffload> offloads) {
        return offloads.size() > 1;
    }
}
