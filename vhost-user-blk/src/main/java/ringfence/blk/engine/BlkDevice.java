package ringfence.blk.engine;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;
import ringfence.blk.image.Fence;
import ringfence.blk.image.Image;
import ringfence.blk.image.ImageException;
import ringfence.blk.request.BlkLimits;
import ringfence.linux.Linux;
import ringfence.linux.uring.RingAbilities;
import ringfence.linux.uring.RingRefusedException;
import ringfence.memory.MemoryTable;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.BackendDevice;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.DeviceType;
import ringfence.virtio.Feature;

/**
 * One block device. Its methods are called by the connection's thread, one at a time; the engines that it makes belong
 * to their queues' workers. It does not own the image.
 */
public final class BlkDevice implements BackendDevice {
    /** Buffers of a chain beyond the queue's size: where a buffer crosses a region, it is split. */
    private static final int SPLITS = 16;

    /**
     * Most bytes of a device's queues together that the kernel works on, roughly: they bound how long a successor waits
     * for the fence. Two MiB would keep a fast disk busy; this leaves room for large requests.
     */
    private static final long MAX_UNDER_WAY = 16L << 20;

    private final Linux linux;
    private final BlkOptions options;
    private final EngineChoice engine;
    private final Fence fence;
    private final RingAbilities abilities;
    private final Media media;
    private final List<BlkCounters> counters;
    private boolean writeback = true;
    private long features;

    /**
     * A device.
     *
     * @param image stays open as long as the device is used, which does not close it
     * @param fence registered in every ring; null: none, and then only plain calls are made
     * @param source of its queues' counters
     * @param name of the device, in front of its queues' names, without spaces
     * @throws RingRefusedException if io_uring is asked for and cannot be had
     */
    public BlkDevice(Linux linux, Image image, BlkOptions options, Fence fence, Counters source, String name) {
        this.linux = linux;
        this.options = options;
        this.fence = fence;
        media = new Media(image, options.serial(), options.sparse());
        counters = IntStream.range(0, options.queues())
                .mapToObj(queue -> new BlkCounters(source, name + "/q" + queue, queue))
                .toList();
        abilities = options.choice() == EngineChoice.PLAIN || fence == null
                ? RingAbilities.refused("plain calls are asked for, or there is no fence")
                : RingAbilities.probe(linux);
        engine = options.choice().decide(image.kind(), abilities.usable());
        if (engine == EngineChoice.URING) {
            abilities.refusal().ifPresent(why -> {
                throw new RingRefusedException(why);
            });
        }
    }

    /** The engine that serves this device: {@code URING} or {@code PLAIN}. */
    public EngineChoice engine() {
        return engine;
    }

    @Override
    public int type() {
        return DeviceType.BLOCK;
    }

    @Override
    public long features() {
        long offered = BlkLayout.F_SEG_MAX
                | BlkLayout.F_BLK_SIZE
                | BlkLayout.F_TOPOLOGY
                | BlkLayout.F_FLUSH
                | BlkLayout.F_CONFIG_WCE
                | BlkLayout.F_MQ;
        if (media.image().readOnly()) {
            return offered | BlkLayout.F_RO;
        }
        return offered | BlkLayout.F_WRITE_ZEROES | (options.sparse() ? BlkLayout.F_DISCARD : 0);
    }

    @Override
    public int queueCount() {
        return options.queues();
    }

    @Override
    public int maxQueueSize() {
        return options.queueSize();
    }

    @Override
    public byte[] config() {
        return BlkConfig.of(media.image(), options, writeback);
    }

    /** Only {@code writeback} may be written, and only where CONFIG_WCE is negotiated. */
    @Override
    public void writeConfig(int offset, byte[] bytes) {
        boolean writable = Feature.has(features, BlkLayout.F_CONFIG_WCE);
        if (offset != BlkLayout.CONFIG_WRITEBACK || bytes.length != 1 || !writable) {
            throw new IllegalArgumentException("not writable: config offset=" + offset + " length=" + bytes.length);
        }
        writeback = bytes[0] != 0;
        media.writeThrough(!isWriteback());
    }

    /** Of what the driver may not write, the capacity is the front-end's to set, and the image follows. */
    @Override
    public void setConfig(int offset, byte[] bytes) {
        if (offset != BlkLayout.CONFIG_CAPACITY || bytes.length != Long.BYTES) {
            writeConfig(offset, bytes);
            return;
        }
        if (!options.resizable()) {
            throw new IllegalArgumentException("the image's size stays as it is without --resizable");
        }
        long sectors = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        try {
            media.image(media.image().resized(linux, sectors, options.sparse()));
        } catch (ImageException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        limit();
    }

    @Override
    public void negotiated(long accepted) {
        features = accepted;
        limit();
        media.writeThrough(!isWriteback());
    }

    private void limit() {
        Image image = media.image();
        media.limits(new BlkLimits(
                image.sectors(),
                image.readOnly(),
                image.blockSize(),
                Feature.has(features, BlkLayout.F_DISCARD) ? BlkConfig.MAX_RANGE_SECTORS : 0,
                Feature.has(features, BlkLayout.F_WRITE_ZEROES) ? BlkConfig.MAX_RANGE_SECTORS : 0));
    }

    /** A driver that knows no flush gets a device without a cache. Virtio 1.3, 5.2.5.1 and 5.2.6.2. */
    private boolean isWriteback() {
        boolean flushes = Feature.has(features, BlkLayout.F_FLUSH);
        return Feature.has(features, BlkLayout.F_CONFIG_WCE) ? writeback : flushes;
    }

    @Override
    public QueueEngine engine(int queue, MemoryTable memory) {
        int maxBuffers = options.queueSize() + SPLITS;
        if (engine == EngineChoice.PLAIN) {
            return new PlainEngine(linux, media, maxBuffers, counters.get(queue));
        }
        long budget = Math.max(UringEngine.PIECE, MAX_UNDER_WAY / options.queues());
        return new UringEngine(
                linux, abilities, media, fence, options.queueSize(), maxBuffers, budget, counters.get(queue));
    }

    @Override
    public void reset() {
        writeback = true;
        features = 0;
        media.flushes().clear();
        media.writeThrough(false);
    }

    @Override
    public int persistentBytes() {
        return StoredFlag.SIZE;
    }

    @Override
    public void attach(MemorySegment persistent) {
        media.flushes().attach(new StoredFlag(persistent));
    }

    @Override
    public void detach() {
        media.flushes().attach(FlushState.Store.NONE);
    }

    /** What has been written is made durable: nobody may come back to flush it. */
    @Override
    public void disconnected() {
        if (!media.image().readOnly()) {
            media.flush(linux.files());
        }
    }
}
