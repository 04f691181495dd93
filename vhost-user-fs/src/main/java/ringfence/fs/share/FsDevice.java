package ringfence.fs.share;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import ringfence.memory.MemoryTable;
import ringfence.telemetry.CounterSet;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.BackendDevice;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.DeviceType;
import ringfence.virtio.FsLayout;

/**
 * One shared folder. Its methods are called by the connection's thread, one at a time; the engines that it makes belong to
 * their queues' workers. It does not own the share.
 */
public final class FsDevice implements BackendDevice {
    private final Share share;
    private final ShareOptions options;
    private final List<CounterSet<FsCounter>> counters;
    /** Its connection's thread. */
    private boolean gaveLocks;

    /** @param name of the device, the first part of its counters' owners */
    public FsDevice(Share share, Counters counters, String name) {
        this.share = share;
        options = share.options();
        this.counters = IntStream.range(0, queues(options))
                .mapToObj(queue ->
                        new CounterSet<>(FsCounter.class, what -> what.type, counters, name + "/q" + queue, queue))
                .toList();
    }

    /** All queues of a device, the high-priority one among them: more than its configuration says, for front-ends that ask for more. */
    public static int queues(ShareOptions options) {
        return 1 + Math.max(options.requestQueues(), FsLayout.USUAL_QUEUES);
    }

    /** What a queue has done. Any thread. */
    public CounterSet<FsCounter> counters(int queue) {
        return counters.get(queue);
    }

    @Override
    public int type() {
        return DeviceType.FS;
    }

    @Override
    public long features() {
        return 0;
    }

    @Override
    public int queueCount() {
        return counters.size();
    }

    @Override
    public int maxQueueSize() {
        return options.queueSize();
    }

    /** {@code struct virtio_fs_config { u8 tag[36]; le32 num_request_queues; }}. */
    @Override
    public byte[] config() {
        byte[] space = new byte[FsLayout.CONFIG];
        options.tag().ifPresent(tag -> {
            byte[] text = tag.getBytes(StandardCharsets.UTF_8);
            System.arraycopy(text, 0, space, FsLayout.CONFIG_TAG, text.length);
        });
        space[FsLayout.CONFIG_QUEUES] = (byte) options.requestQueues();
        return space;
    }

    @Override
    public void writeConfig(int offset, byte[] bytes) {
        throw new IllegalArgumentException("the configuration of a file system is read-only");
    }

    /** Without a tag of ours, the front-end has one. */
    @Override
    public boolean configSpaceIsFrontends() {
        return options.tag().isEmpty();
    }

    @Override
    public void negotiated(long features) {}

    @Override
    public QueueEngine engine(int queue, MemoryTable memory) {
        if (gaveLocks) {
            gaveLocks = false;
            lost(HostLocks.takeAgain(share));
        }
        return new FsEngine(share, queue, counters.get(queue));
    }

    @Override
    public int mostState() {
        return share.state().mostSaved();
    }

    /**
     * What the guest knows and holds, by name and inode number: for a device that is restored on the same folder. Locks are let
     * go of, for the other daemon to take; if a queue starts here again, they are taken back.
     */
    @Override
    public void saveState(ByteBuffer into) {
        synchronized (share.tree().locks()) {
            share.tree().locks().clear();
        }
        gaveLocks = true;
        share.state().save(into);
    }

    /**
     * All is opened at once: what has no name any more is there only as long as the daemon that has saved it.
     */
    @Override
    public void loadState(ByteBuffer state) {
        synchronized (share.tree().locks()) {
            share.state().load(state);
            share.tree().locks().clear();
        }
        share.tree().releaseFreed();
        share.features().set(share.state().session());
        Reopening.all(new Call(share, 0, counters.get(0)));
        lost(HostLocks.takeAgain(share));
        gaveLocks = false;
    }

    /** So many locks of a predecessor were not to be had again. Before a queue runs. */
    public void lost(int locks) {
        counters.get(0).add(FsCounter.LOST_LOCKS, locks);
    }

    /** The guest's mount is gone. */
    @Override
    public void reset() {
        SessionOps.end(share);
    }
}
