package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.Consumer;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.memory.MemoryTable;
import ringfence.virtio.DeviceType;
import ringfence.virtio.PmemLayout;
import ringfence.virtio.queue.ChainCursor;
import ringfence.vmm.device.DeviceWindow;

/**
 * Persistent memory (virtio 1.3, 5.19): a file that the guest has in its address space. What it has written is in the file
 * for good when a flush is answered. A flush that has failed fails from then on, for the kernel tells of lost pages once.
 *
 * <p>Without VIRTIO_PMEM_F_SHMEM_REGION, which Linux 6.1 does not know, the guest learns from the configuration space
 * where it is: there where its own BAR is now.
 */
public final class Pmem extends LocalDevice {
    private static final int QUEUE_SIZE = 256;
    private static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Linux linux;
    private final Fd file;
    private final Mapping mapping;
    private final boolean discards;
    private final Consumer<String> onFailure;
    private final MemorySegment answer = Arena.ofAuto().allocate(Integer.BYTES);
    private volatile long start;
    private boolean failed; // the device's thread's

    /**
     * A device for a file, which it takes over, with the file's mapping.
     *
     * @param discards whether the mapping is private: then nothing is to be flushed
     * @param onFailure told once, on the device's thread, why flushes fail
     */
    public Pmem(
            Linux linux,
            String id,
            MemoryTable memory,
            Fd file,
            Mapping mapping,
            boolean discards,
            Consumer<String> onFailure) {
        super(linux, id, DeviceType.PMEM, 1, QUEUE_SIZE, memory);
        this.linux = linux;
        this.file = file;
        this.mapping = mapping;
        this.discards = discards;
        this.onFailure = onFailure;
    }

    @Override
    public Optional<DeviceWindow> window() {
        return Optional.of(new DeviceWindow(mapping, at -> start = at));
    }

    /** Bytes that are missing, since somebody has made the file shorter; 0: none. Any thread. */
    public long missing() {
        return Math.max(0, mapping.size() - linux.files().size(file));
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
        boolean asksForFlush = chain.readableBytes() >= Integer.BYTES && chain.readInt(0) == PmemLayout.FLUSH;
        answer.set(LE32, 0, asksForFlush && flush() ? PmemLayout.OK : PmemLayout.EIO);
        return (int) chain.copyOut(0, answer, 0, Math.min(Integer.BYTES, chain.writableBytes()));
    }

    private boolean flush() {
        if (!failed && !discards) {
            long result = linux.files().tryDataSync(file);
            if (result < 0) {
                fails(Errno.of(-result).text());
            } else if (missing() > 0) {
                fails("it has been made shorter");
            }
        }
        return !failed;
    }

    private void fails(String why) {
        failed = true;
        onFailure.accept("its file cannot be flushed: " + why + "; the guest hears so at each flush from now on");
    }

    @Override
    public int configSize() {
        return PmemLayout.CONFIG;
    }

    @Override
    long configWord(int index) {
        return switch (index) {
            case PmemLayout.START / Long.BYTES -> start;
            case PmemLayout.SIZE / Long.BYTES -> mapping.size();
            default -> 0;
        };
    }

    @Override
    public void close() {
        super.close();
        mapping.close();
        file.close();
    }
}
