package ringfence.net.engine;

import java.util.Set;
import ringfence.linux.TapOffload;
import ringfence.net.packet.HeaderRules;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;

/**
 * What a driver has accepted.
 *
 * @param bits of {@link NetLayout}
 */
public record NetFeatures(long bits) {
    /** What may stand before a frame from the guest. */
    public HeaderRules rules() {
        return HeaderRules.of(bits);
    }

    /** What the guest can take. */
    public Set<TapOffload> offloads() {
        return NetConfig.offloads(bits);
    }

    /** Whether a frame for the guest may fill several chains. */
    public boolean merged() {
        return Feature.has(bits, NetLayout.F_MRG_RXBUF);
    }
}
