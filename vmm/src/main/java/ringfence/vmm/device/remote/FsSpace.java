package ringfence.vmm.device.remote;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import ringfence.virtio.FsLayout;
import ringfence.vmm.config.FsConfig;

/** The configuration space of a file system (virtio 1.3, 5.11.4), which is the VMM's: virtiofsd has none. */
public final class FsSpace {
    private FsSpace() {}

    /** Of this one. Its tag is as long as a tag may be, at most. */
    public static byte[] of(FsConfig config) {
        ByteBuffer space = ByteBuffer.allocate(FsLayout.CONFIG).order(ByteOrder.LITTLE_ENDIAN);
        space.put(0, config.tag().getBytes(StandardCharsets.UTF_8));
        space.putInt(FsLayout.CONFIG_QUEUES, config.numQueues());
        return space.array();
    }
}
