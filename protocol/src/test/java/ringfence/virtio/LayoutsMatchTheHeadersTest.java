package ringfence.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.CLayouts;

/** The numbers of the specification are those of Linux's headers. */
class LayoutsMatchTheHeadersTest {
    @TempDir
    Path directory;

    @Test
    void splitRing() throws Exception {
        CLayouts c = new CLayouts().include("stdint.h").include("linux/virtio_ring.h");
        c.size("struct vring_desc", SplitLayout.DESCRIPTOR)
                .offset("struct vring_desc", "addr", SplitLayout.DESCRIPTOR_ADDRESS)
                .offset("struct vring_desc", "len", SplitLayout.DESCRIPTOR_LENGTH)
                .offset("struct vring_desc", "flags", SplitLayout.DESCRIPTOR_FLAGS)
                .offset("struct vring_desc", "next", SplitLayout.DESCRIPTOR_NEXT)
                .offset("struct vring_avail", "flags", SplitLayout.RING_FLAGS)
                .offset("struct vring_avail", "idx", SplitLayout.RING_INDEX)
                .offset("struct vring_avail", "ring", SplitLayout.RING_ENTRIES)
                .offset("struct vring_avail", "ring[8]", SplitLayout.usedEvent(8))
                .offset("struct vring_used", "flags", SplitLayout.RING_FLAGS)
                .offset("struct vring_used", "idx", SplitLayout.RING_INDEX)
                .offset("struct vring_used", "ring", SplitLayout.RING_ENTRIES)
                .offset("struct vring_used", "ring[8]", SplitLayout.availableEvent(8))
                .size("struct vring_used_elem", SplitLayout.USED_ENTRY)
                .expect("VRING_DESC_F_NEXT", SplitLayout.NEXT)
                .expect("VRING_DESC_F_WRITE", SplitLayout.WRITE)
                .expect("VRING_DESC_F_INDIRECT", SplitLayout.INDIRECT)
                .expect("VRING_USED_F_NO_NOTIFY", SplitLayout.NO_NOTIFY)
                .expect("VRING_AVAIL_F_NO_INTERRUPT", SplitLayout.NO_INTERRUPT)
                .expect("VRING_DESC_ALIGN_SIZE", SplitLayout.DESCRIPTOR_ALIGNMENT)
                .expect("VRING_AVAIL_ALIGN_SIZE", SplitLayout.AVAILABLE_ALIGNMENT)
                .expect("VRING_USED_ALIGN_SIZE", SplitLayout.USED_ALIGNMENT);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void featuresAndStatus() throws Exception {
        CLayouts c = new CLayouts()
                .include("linux/virtio_config.h")
                .include("linux/virtio_ring.h")
                .include("linux/virtio_ids.h")
                .include("linux/vhost.h");
        c.expect("1LL << VIRTIO_RING_F_INDIRECT_DESC", Feature.INDIRECT_DESC)
                .expect("1LL << VIRTIO_RING_F_EVENT_IDX", Feature.EVENT_IDX)
                .expect("1LL << VIRTIO_F_VERSION_1", Feature.VERSION_1)
                .expect("1LL << VIRTIO_F_ACCESS_PLATFORM", Feature.ACCESS_PLATFORM)
                .expect("1LL << VIRTIO_F_RING_PACKED", Feature.RING_PACKED)
                .expect("1LL << VIRTIO_F_ORDER_PLATFORM", Feature.ORDER_PLATFORM)
                .expect("1LL << VIRTIO_F_SR_IOV", Feature.SR_IOV)
                .expect("1LL << VIRTIO_F_ANY_LAYOUT", Feature.ANY_LAYOUT)
                .expect("1LL << VHOST_F_LOG_ALL", Feature.VHOST_LOG_ALL)
                .expect("VIRTIO_CONFIG_S_ACKNOWLEDGE", Status.ACKNOWLEDGE)
                .expect("VIRTIO_CONFIG_S_DRIVER", Status.DRIVER)
                .expect("VIRTIO_CONFIG_S_DRIVER_OK", Status.DRIVER_OK)
                .expect("VIRTIO_CONFIG_S_FEATURES_OK", Status.FEATURES_OK)
                .expect("VIRTIO_CONFIG_S_NEEDS_RESET", Status.DEVICE_NEEDS_RESET)
                .expect("VIRTIO_CONFIG_S_FAILED", Status.FAILED)
                .expect("VIRTIO_ID_NET", DeviceType.NET)
                .expect("VIRTIO_ID_BLOCK", DeviceType.BLOCK)
                .expect("VIRTIO_ID_CONSOLE", DeviceType.CONSOLE)
                .expect("VIRTIO_ID_RNG", DeviceType.RNG)
                .expect("VIRTIO_ID_BALLOON", DeviceType.BALLOON)
                .expect("VIRTIO_ID_VSOCK", DeviceType.VSOCK)
                .expect("VIRTIO_ID_MEM", DeviceType.MEM)
                .expect("VIRTIO_ID_FS", DeviceType.FS)
                .expect("VIRTIO_ID_PMEM", DeviceType.PMEM);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void blockDevice() throws Exception {
        String config = "struct virtio_blk_config";
        CLayouts c = new CLayouts().include("linux/virtio_blk.h");
        c.offset(config, "capacity", BlkLayout.CONFIG_CAPACITY)
                .offset(config, "size_max", BlkLayout.CONFIG_SIZE_MAX)
                .offset(config, "seg_max", BlkLayout.CONFIG_SEG_MAX)
                .offset(config, "geometry", BlkLayout.CONFIG_GEOMETRY)
                .offset(config, "blk_size", BlkLayout.CONFIG_BLK_SIZE)
                .offset(config, "physical_block_exp", BlkLayout.CONFIG_PHYSICAL_BLOCK_EXP)
                .offset(config, "alignment_offset", BlkLayout.CONFIG_ALIGNMENT_OFFSET)
                .offset(config, "min_io_size", BlkLayout.CONFIG_MIN_IO_SIZE)
                .offset(config, "opt_io_size", BlkLayout.CONFIG_OPT_IO_SIZE)
                .offset(config, "wce", BlkLayout.CONFIG_WRITEBACK)
                .offset(config, "num_queues", BlkLayout.CONFIG_NUM_QUEUES)
                .offset(config, "max_discard_sectors", BlkLayout.CONFIG_MAX_DISCARD_SECTORS)
                .offset(config, "max_discard_seg", BlkLayout.CONFIG_MAX_DISCARD_SEG)
                .offset(config, "discard_sector_alignment", BlkLayout.CONFIG_DISCARD_ALIGNMENT)
                .offset(config, "max_write_zeroes_sectors", BlkLayout.CONFIG_MAX_WRITE_ZEROES_SECTORS)
                .offset(config, "max_write_zeroes_seg", BlkLayout.CONFIG_MAX_WRITE_ZEROES_SEG)
                .offset(config, "write_zeroes_may_unmap", BlkLayout.CONFIG_WRITE_ZEROES_MAY_UNMAP)
                .size("struct virtio_blk_outhdr", BlkLayout.HEADER)
                .offset("struct virtio_blk_outhdr", "sector", BlkLayout.HEADER_SECTOR)
                .size("struct virtio_blk_discard_write_zeroes", BlkLayout.RANGE)
                .offset("struct virtio_blk_discard_write_zeroes", "num_sectors", BlkLayout.RANGE_SECTORS)
                .offset("struct virtio_blk_discard_write_zeroes", "flags", BlkLayout.RANGE_FLAGS)
                .expect("VIRTIO_BLK_T_IN", BlkLayout.T_IN)
                .expect("VIRTIO_BLK_T_OUT", BlkLayout.T_OUT)
                .expect("VIRTIO_BLK_T_FLUSH", BlkLayout.T_FLUSH)
                .expect("VIRTIO_BLK_T_GET_ID", BlkLayout.T_GET_ID)
                .expect("VIRTIO_BLK_T_DISCARD", BlkLayout.T_DISCARD)
                .expect("VIRTIO_BLK_T_WRITE_ZEROES", BlkLayout.T_WRITE_ZEROES)
                .expect("VIRTIO_BLK_ID_BYTES", BlkLayout.ID)
                .expect("1 << VIRTIO_BLK_F_SEG_MAX", BlkLayout.F_SEG_MAX)
                .expect("1 << VIRTIO_BLK_F_RO", BlkLayout.F_RO)
                .expect("1 << VIRTIO_BLK_F_BLK_SIZE", BlkLayout.F_BLK_SIZE)
                .expect("1 << VIRTIO_BLK_F_FLUSH", BlkLayout.F_FLUSH)
                .expect("1 << VIRTIO_BLK_F_TOPOLOGY", BlkLayout.F_TOPOLOGY)
                .expect("1 << VIRTIO_BLK_F_CONFIG_WCE", BlkLayout.F_CONFIG_WCE)
                .expect("1 << VIRTIO_BLK_F_MQ", BlkLayout.F_MQ)
                .expect("1 << VIRTIO_BLK_F_DISCARD", BlkLayout.F_DISCARD)
                .expect("1 << VIRTIO_BLK_F_WRITE_ZEROES", BlkLayout.F_WRITE_ZEROES);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void balloon() throws Exception {
        String config = "struct virtio_balloon_config";
        CLayouts c = new CLayouts()
                .include("stdint.h")
                .include("linux/virtio_balloon.h")
                .size(config, BalloonLayout.CONFIG)
                .offset(config, "num_pages", BalloonLayout.NUM_PAGES)
                .offset(config, "actual", BalloonLayout.ACTUAL)
                .size("struct virtio_balloon_stat", BalloonLayout.STAT)
                .offset("struct virtio_balloon_stat", "val", BalloonLayout.STAT_VALUE)
                .expect("VIRTIO_BALLOON_PFN_SHIFT", BalloonLayout.PAGE_SHIFT)
                .expect("1 << VIRTIO_BALLOON_F_STATS_VQ", BalloonLayout.STATS_VQ)
                .expect("1 << VIRTIO_BALLOON_F_DEFLATE_ON_OOM", BalloonLayout.DEFLATE_ON_OOM)
                .expect("1 << VIRTIO_BALLOON_F_REPORTING", BalloonLayout.REPORTING);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void persistentMemory() throws Exception {
        String config = "struct virtio_pmem_config";
        CLayouts c = new CLayouts()
                .include("stdint.h")
                .include("linux/virtio_pmem.h")
                .size(config, PmemLayout.CONFIG)
                .offset(config, "start", PmemLayout.START)
                .offset(config, "size", PmemLayout.SIZE)
                .size("struct virtio_pmem_req", Integer.BYTES)
                .size("struct virtio_pmem_resp", Integer.BYTES)
                .expect("VIRTIO_PMEM_REQ_TYPE_FLUSH", PmemLayout.FLUSH);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void network() throws Exception {
        CLayouts c = new CLayouts()
                .include("stdint.h")
                .include("linux/virtio_net.h")
                .size("struct virtio_net_hdr", NetLayout.LEGACY_HEADER)
                .size("struct virtio_net_hdr_v1", NetLayout.HEADER);
        header(c);
        String config = "struct virtio_net_config";
        c.offset(config, "mac", NetLayout.CONFIG_MAC)
                .offset(config, "status", NetLayout.CONFIG_STATUS)
                .offset(config, "max_virtqueue_pairs", NetLayout.CONFIG_MAX_PAIRS)
                .offset(config, "mtu", NetLayout.CONFIG_MTU)
                .offset(config, "speed", NetLayout.CONFIG_SPEED)
                .offset(config, "duplex", NetLayout.CONFIG_DUPLEX)
                .offset(config, "rss_max_key_size", NetLayout.CONFIG)
                .expect("VIRTIO_NET_S_LINK_UP", NetLayout.S_LINK_UP);
        // HOST_USO, GUEST_USO4, GUEST_USO6 and GSO_UDP_L4 are younger than the headers of Debian 12
        c.expect("1LL << VIRTIO_NET_F_CSUM", NetLayout.F_CSUM)
                .expect("1LL << VIRTIO_NET_F_GUEST_CSUM", NetLayout.F_GUEST_CSUM)
                .expect("1LL << VIRTIO_NET_F_MTU", NetLayout.F_MTU)
                .expect("1LL << VIRTIO_NET_F_MAC", NetLayout.F_MAC)
                .expect("1LL << VIRTIO_NET_F_GUEST_TSO4", NetLayout.F_GUEST_TSO4)
                .expect("1LL << VIRTIO_NET_F_GUEST_TSO6", NetLayout.F_GUEST_TSO6)
                .expect("1LL << VIRTIO_NET_F_GUEST_ECN", NetLayout.F_GUEST_ECN)
                .expect("1LL << VIRTIO_NET_F_HOST_TSO4", NetLayout.F_HOST_TSO4)
                .expect("1LL << VIRTIO_NET_F_HOST_TSO6", NetLayout.F_HOST_TSO6)
                .expect("1LL << VIRTIO_NET_F_HOST_ECN", NetLayout.F_HOST_ECN)
                .expect("1LL << VIRTIO_NET_F_MRG_RXBUF", NetLayout.F_MRG_RXBUF)
                .expect("1LL << VIRTIO_NET_F_STATUS", NetLayout.F_STATUS)
                .expect("1LL << VIRTIO_NET_F_MQ", NetLayout.F_MQ)
                .expect("1ULL << VIRTIO_NET_F_SPEED_DUPLEX", NetLayout.F_SPEED_DUPLEX);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    private static void header(CLayouts c) {
        String header = "struct virtio_net_hdr_v1";
        c.offset(header, "flags", NetLayout.HEADER_FLAGS)
                .offset(header, "gso_type", NetLayout.HEADER_GSO_TYPE)
                .offset(header, "hdr_len", NetLayout.HEADER_HDR_LEN)
                .offset(header, "gso_size", NetLayout.HEADER_GSO_SIZE)
                .offset(header, "csum_start", NetLayout.HEADER_CSUM_START)
                .offset(header, "csum_offset", NetLayout.HEADER_CSUM_OFFSET)
                .offset(header, "num_buffers", NetLayout.HEADER_NUM_BUFFERS)
                .expect("VIRTIO_NET_HDR_F_NEEDS_CSUM", NetLayout.NEEDS_CSUM)
                .expect("VIRTIO_NET_HDR_GSO_NONE", NetLayout.GSO_NONE)
                .expect("VIRTIO_NET_HDR_GSO_TCPV4", NetLayout.GSO_TCPV4)
                .expect("VIRTIO_NET_HDR_GSO_TCPV6", NetLayout.GSO_TCPV6)
                .expect("VIRTIO_NET_HDR_GSO_ECN", NetLayout.GSO_ECN);
    }
}
