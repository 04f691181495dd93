package ringfence.net.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.TapOffload;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;

/** Virtio 1.3, 5.1.3 and 5.1.4, as functions of the options. */
class NetConfigTest {
    private static final NetOptions ONE = new NetOptions(1, 256, Optional.empty());

    @Test
    void whatIsNotKnownIsNotOffered() {
        long features = NetConfig.features(ONE, OptionalInt.empty(), false);
        assertThat(features & (NetLayout.F_MAC | NetLayout.F_MTU | NetLayout.F_MQ | NetLayout.F_HOST_USO))
                .isZero();
        NetOptions two = new NetOptions(2, 256, Optional.of(MacAddress.parse("--mac", "52:54:00:12:34:56")));
        assertThat(Feature.has(
                        NetConfig.features(two, OptionalInt.of(1500), true),
                        NetLayout.F_MAC
                                | NetLayout.F_MTU
                                | NetLayout.F_MQ
                                | NetLayout.F_HOST_USO
                                | NetLayout.F_GUEST_USO4
                                | NetLayout.F_GUEST_USO6))
                .isTrue();
    }

    /** 5.1.3.1: a guest feature counts only with those that it requires. */
    @Test
    void offloadsNeedWhatTheyBuildOn() {
        assertThat(NetConfig.offloads(NetLayout.F_GUEST_TSO4 | NetLayout.F_GUEST_ECN))
                .isEmpty();
        assertThat(NetConfig.offloads(NetLayout.F_GUEST_CSUM | NetLayout.F_GUEST_ECN))
                .containsExactly(TapOffload.CSUM);
        assertThat(NetConfig.offloads(NetLayout.F_GUEST_CSUM | NetLayout.F_GUEST_USO4))
                .containsExactly(TapOffload.CSUM);
        assertThat(NetConfig.offloads(-1)).containsExactly(TapOffload.values());
        assertThat(NetConfig.receivesSegments(NetConfig.offloads(NetLayout.F_GUEST_CSUM)))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"53:54:00:12:34:56", "00:00:00:00:00:00", "52:54:00:12:34", "52-54-00-12-34-56", ""})
    void whatIsNoStationsAddressIsRefused(String text) {
        assertThatThrownBy(() -> MacAddress.parse("--mac", text)).hasMessageStartingWith("--mac=");
    }

    @Test
    void rangesAreChecked() {
        assertThatThrownBy(() -> new NetOptions(9, 256, Optional.empty())).hasMessageContaining("1 to 8");
        assertThatThrownBy(() -> new NetOptions(1, 100, Optional.empty())).hasMessageContaining("power of two");
    }
}
