package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.memory.MemoryTable;
import ringfence.virtio.DeviceType;
import ringfence.virtio.queue.ChainCursor;

/**
 * The entropy device (virtio 1.3, 5.4): fills what the guest offers with bytes of the host's source, at most {@value
 * #MOST} at a time, whatever the guest offers.
 */
public final class Rng extends LocalDevice {
    /** Bytes that one request gets at most. */
    public static final int MOST = 64 << 10;

    private static final int QUEUE_SIZE = 256;

    private final Linux linux;
    private final Fd source;
    private final MemorySegment buffer = Arena.ofAuto().allocate(MOST);

    /**
     * A device.
     *
     * @param path the source, such as /dev/urandom
     * @throws ringfence.linux.ErrnoException if it cannot be opened
     */
    public Rng(Linux linux, String id, String path, MemoryTable memory) {
        super(linux, id, DeviceType.RNG, 1, QUEUE_SIZE, memory);
        this.linux = linux;
        source = linux.files().open(path, OpenFlag.RDONLY, OpenFlag.NONBLOCK);
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
        int wanted = (int) Math.min(chain.writableBytes(), MOST);
        if (wanted == 0) {
            return 0;
        }
        int got = (int) Math.max(0, linux.files().tryRead(source, buffer.asSlice(0, wanted)));
        return (int) chain.copyOut(0, buffer, 0, got);
    }

    @Override
    public void close() {
        super.close();
        source.close();
    }
}
