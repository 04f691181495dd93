package ringfence.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.CLayouts;

/** The numbers of the control queue are those of Linux's headers. */
class NetControlLayoutTest {
    @TempDir
    Path directory;

    @Test
    void areThoseOfTheHeader() throws Exception {
        CLayouts c = new CLayouts()
                .include("stdint.h")
                .include("linux/virtio_net.h")
                .size("struct virtio_net_ctrl_hdr", NetControlLayout.HEADER)
                .size("struct virtio_net_ctrl_mac", NetControlLayout.TABLE_HEADER)
                .expect("1LL << VIRTIO_NET_F_GUEST_UFO", NetControlLayout.F_GUEST_UFO)
                .expect("1LL << VIRTIO_NET_F_HOST_UFO", NetControlLayout.F_HOST_UFO)
                .expect("1LL << VIRTIO_NET_F_CTRL_VQ", NetControlLayout.F_CTRL_VQ)
                .expect("1LL << VIRTIO_NET_F_CTRL_RX", NetControlLayout.F_CTRL_RX)
                .expect("1LL << VIRTIO_NET_F_GUEST_ANNOUNCE", NetControlLayout.F_GUEST_ANNOUNCE)
                .expect("1LL << VIRTIO_NET_F_CTRL_MAC_ADDR", NetControlLayout.F_CTRL_MAC_ADDR)
                .expect("VIRTIO_NET_S_ANNOUNCE", NetControlLayout.S_ANNOUNCE)
                .expect("VIRTIO_NET_OK", NetControlLayout.OK)
                .expect("VIRTIO_NET_ERR", NetControlLayout.ERR)
                .expect("VIRTIO_NET_CTRL_RX", NetControlLayout.RX)
                .expect("VIRTIO_NET_CTRL_RX_PROMISC", NetControlLayout.RX_PROMISC)
                .expect("VIRTIO_NET_CTRL_RX_ALLMULTI", NetControlLayout.RX_ALLMULTI)
                .expect("VIRTIO_NET_CTRL_MAC", NetControlLayout.MAC)
                .expect("VIRTIO_NET_CTRL_MAC_TABLE_SET", NetControlLayout.MAC_TABLE_SET)
                .expect("VIRTIO_NET_CTRL_MAC_ADDR_SET", NetControlLayout.MAC_ADDR_SET)
                .expect("VIRTIO_NET_CTRL_ANNOUNCE", NetControlLayout.ANNOUNCE)
                .expect("VIRTIO_NET_CTRL_ANNOUNCE_ACK", NetControlLayout.ANNOUNCE_ACK)
                .expect("VIRTIO_NET_CTRL_MQ", NetControlLayout.MQ)
                .expect("VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET", NetControlLayout.MQ_VQ_PAIRS_SET);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }
}
