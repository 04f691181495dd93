package ringfence.vmm.device.remote;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.vhostuser.link.PeerException;
import ringfence.vhostuser.link.PeerException.Disposition;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.config.Upkeep;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;
import ringfence.vmm.device.VirtioDevice;

/**
 * A virtio device whose back-end is another process that speaks vhost-user; which type it is, is its {@link Profile}. The
 * back-end may be there later than the guest, die and come again at any time.
 *
 * <p>Any thread; what needs the back-end is posted to the link thread. Features and configuration are answered from what was
 * last read.
 */
public final class RemoteDevice implements VirtioDevice {
    private static final int THREAD_NAME = 15;

    private final String id;
    private final Profile profile;
    private final int queueCount;
    private final List<Integer> queueSizes;
    private final byte[] space; // null: the back-end's
    private final RemoteListener watcher;
    private final Link link;
    private final SocketSource source;
    private final Vigil vigil;
    private final HangWatch watch; // null: nobody looks
    private final List<Runnable> onReady = new ArrayList<>(); // guarded by itself
    private volatile DeviceListener listener = new DeviceListener() {
        @Override
        public void configChanged() {
            // nobody has been named yet
        }

        @Override
        public void needsReset(String why) {
            // nobody has been named yet
        }
    };
    private final Latest<Integer> wantedQueues;
    private final Latest<Long> wantedFeatures;
    private final Latest<ConfigWrite> written;
    private volatile RemoteState state = RemoteState.FIRST; // changed under the lock of events
    private volatile long silentSince; // of the back-end that hangs
    private long hungNanos; // of the one that was lost; the link thread's
    private volatile byte[] config; // null: no back-end has been there yet

    private RemoteDevice(Builder from) {
        id = from.id;
        profile = from.profile;
        queueCount = from.queueSizes.size();
        queueSizes = from.queueSizes;
        space = from.space;
        watcher = from.watcher;
        source = from.source;
        watch = from.watch;
        Events events = new Events();
        vigil = new Vigil(from.memory, from.upkeep, events);
        String name = id + "/link";
        link = new Link(
                from.linux,
                name.substring(0, Math.min(THREAD_NAME, name.length())),
                source,
                profile,
                from.memory,
                queueCount,
                Collections.max(queueSizes),
                events);
        wantedQueues = new Latest<>(link, link::enable);
        wantedFeatures = new Latest<>(link, link::use);
        written = new Latest<>(link, this::write);
    }

    /** What the guest has written where it may write. */
    private record ConfigWrite(int offset, byte[] bytes, CompletableFuture<Void> done) {}

    /**
     * Begins a device of this profile.
     *
     * @param id its name within the machine
     * @param source where its back-end is found
     * @param memory the guest's
     */
    public static Builder of(Linux linux, String id, Profile profile, SocketSource source, MemoryTable memory) {
        return new Builder(linux, id, profile, source, memory);
    }

    /** What may be said of a device before it starts to connect. */
    public static final class Builder {
        private final Linux linux;
        private final String id;
        private final Profile profile;
        private final SocketSource source;
        private final MemoryTable memory;
        private List<Integer> queueSizes = List.of(128);
        private byte[] space;
        private RemoteListener watcher = RemoteListener.NONE;
        private HangWatch watch;
        private Upkeep upkeep;

        private Builder(Linux linux, String id, Profile profile, SocketSource source, MemoryTable memory) {
            this.linux = linux;
            this.id = id;
            this.profile = profile;
            this.source = source;
            this.memory = memory;
        }

        /** Number of queues, 1 to 256, and the largest size of each, a power of two. Default: 1 of 128. */
        public Builder queues(int count, int size) {
            return queues(Collections.nCopies(count, size));
        }

        /** The largest size of each queue, a power of two; 1 to 256 queues. */
        public Builder queues(List<Integer> sizes) {
            queueSizes = List.copyOf(sizes);
            return this;
        }

        /** A configuration space that is kept here, for a profile whose back-ends have none. Nobody may write it. */
        public Builder space(byte[] bytes) {
            space = bytes.clone();
            return this;
        }

        /** Who is told of the connection. */
        public Builder watchedBy(RemoteListener listener) {
            watcher = listener;
            return this;
        }

        /**
         * Who looks whether its back-end hangs. Default: nobody.
         *
         * @param how whether one that its source has started is killed then, and so replaced
         */
        public Builder hangs(HangWatch by, Upkeep how) {
            watch = by;
            upkeep = how;
            return this;
        }

        /** Makes the device and lets it look for its back-end. */
        public RemoteDevice start() {
            RemoteDevice device = new RemoteDevice(this);
            device.link.start();
            if (watch != null) {
                watch.add(device.vigil);
            }
            return device;
        }
    }

    /** What is known of the connection now. */
    public RemoteState state() {
        return state;
    }

    /**
     * Uses that many queues from now on, the first ones; the others stand still until they are asked for, or until the
     * guest resets the device. Which back-end serves them meanwhile does not matter.
     */
    public void enableQueues(int count) {
        wantedQueues.ask(count);
    }

    /**
     * Has the back-end go by fewer features than the guest has taken, or by all of them again: its queues stop, drained, and
     * start anew where they stood. It lasts until the guest acknowledges features again, whichever back-end there is.
     *
     * @param features some of those that were acknowledged
     */
    public void useFeatures(long features) {
        wantedFeatures.ask(features);
    }

    /**
     * Has the back-end give its queues back, drained, and takes the next one that its source has: the guest sees a pause. Posted,
     * and not waited for.
     */
    public void handOver() {
        link.post(link::handOver);
    }

    /**
     * Has the back-end of a disk make that larger or smaller, between two requests. Completed when the guest can see it, or
     * exceptionally with a line; where the back-end dies meanwhile, when there is a successor, which may be never.
     *
     * @param sectors of 512 bytes
     */
    public CompletionStage<Void> resize(long sectors) {
        byte[] capacity = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(BlkLayout.CONFIG_CAPACITY, sectors)
                .array();
        CompletableFuture<Void> done = new CompletableFuture<>();
        link.post(() -> link.resize(capacity, done));
        return done;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public int type() {
        return profile.type();
    }

    @Override
    public int queueCount() {
        return queueCount;
    }

    @Override
    public int maxQueueSize(int queue) {
        return queueSizes.get(queue);
    }

    @Override
    public boolean isReady() {
        return config != null;
    }

    @Override
    public void onReady(Runnable action) {
        synchronized (onReady) {
            if (!isReady()) {
                onReady.add(action);
                return;
            }
        }
        action.run();
    }

    @Override
    public long features() {
        return state.features();
    }

    @Override
    public long readConfig(int offset, int width) {
        byte[] now = config;
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            int at = offset + i;
            value = value << 8 | (now != null && at < now.length ? now[at] & 0xFF : 0);
        }
        return value;
    }

    @Override
    public CompletionStage<Void> writeConfig(int offset, int width, long value) {
        if (!profile.isWritable(offset, width)) {
            return CompletableFuture.completedStage(null);
        }
        byte[] bytes = new byte[width];
        for (int i = 0; i < width; i++) {
            bytes[i] = (byte) (value >>> 8 * i);
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        ConfigWrite before = written.ask(new ConfigWrite(offset, bytes, done));
        if (before != null) {
            before.done.complete(null); // of a vCPU that has waited in vain, or of two at once
        }
        return done;
    }

    private void write(ConfigWrite write) {
        try {
            link.writeConfig(write.offset, write.bytes);
        } finally {
            write.done.complete(null);
        }
    }

    @Override
    public int configSize() {
        return space != null ? space.length : profile.configSize();
    }

    @Override
    public void acknowledge(long features) {
        link.post(() -> link.acknowledge(features));
    }

    @Override
    public CompletionStage<Void> startQueue(int index, QueueConfig queue, QueueState from, QueueEvents events) {
        CompletableFuture<Void> started = new CompletableFuture<>();
        link.post(() -> link.startQueue(index, queue, from, events, started));
        return started;
    }

    @Override
    public CompletionStage<QueueState> stopQueue(int index) {
        CompletableFuture<QueueState> stopped = new CompletableFuture<>();
        link.post(() -> link.stopQueue(index, stopped));
        return stopped;
    }

    @Override
    public CompletionStage<Void> reset() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        link.post(() -> link.reset(done));
        return done;
    }

    @Override
    public void listen(DeviceListener to) {
        listener = to;
    }

    @Override
    public void close() {
        link.close();
        if (watch != null) {
            watch.remove(vigil);
        }
    }

    private final class Events implements LinkEvents, HangEvents {
        @Override
        public void admit(long features, long acknowledged, byte[] read, byte[] resized) {
            byte[] seen = config;
            if (seen == null) {
                return;
            }
            long lost = (acknowledged != 0 ? acknowledged : state.features()) & ~features;
            if (lost != 0) {
                throw new PeerException(
                        "the back-end lacks features=0x" + Long.toHexString(lost)
                                + ", which the guest has been offered",
                        Disposition.FATAL);
            }
            byte[] next = profile.patched(read, queueCount);
            if (!profile.isSame(seen, next) && (resized == null || !profile.isSame(resized, next))) {
                throw new PeerException("the back-end is of another size than the one before", Disposition.FATAL);
            }
        }

        @Override
        public void connected(int pid, long features, byte[] read, long gapNanos, boolean anew) {
            boolean first = config == null;
            long offered = first || anew ? features : state.features(); // else what the guest has seen stays
            configRead(read);
            long gap = gapNanos + hungNanos;
            hungNanos = 0;
            publish(before -> before.connected(pid, offered, gap));
            vigil.begins(source.process(), pid);
            if (first) {
                List<Runnable> actions;
                synchronized (onReady) {
                    actions = List.copyOf(onReady);
                    onReady.clear();
                }
                actions.forEach(Runnable::run);
            }
        }

        @Override
        public void lost(String why, boolean alive) {
            vigil.end();
            hungNanos = state.hung() ? System.nanoTime() - silentSince : 0;
            publish(before -> before.in(Phase.LOST, why));
            if (alive) {
                watcher.unresponsive(why);
            }
        }

        @Override
        public void notConnected(String why, boolean refused) {
            Phase next = refused ? Phase.FAILED : config == null ? Phase.CONNECTING : Phase.RECONNECTING;
            if (next != state.phase() || !why.equals(state.reason())) {
                publish(before -> before.in(next, why));
                if (refused && config != null) {
                    listener.needsReset(why);
                }
            }
        }

        @Override
        public void configRead(byte[] read) {
            byte[] now = space != null ? space : profile.patched(read, queueCount);
            byte[] old = config;
            synchronized (onReady) {
                config = now;
            }
            if (old != null && !Arrays.equals(old, now)) {
                listener.configChanged();
            }
        }

        @Override
        public void needsReset(String why) {
            listener.needsReset(why);
        }

        @Override
        public void serves(List<QueueConfig> queues) {
            vigil.serves(queues);
        }

        @Override
        public void hangs(String why, boolean replaced, long nanos) {
            silentSince = System.nanoTime() - nanos;
            publish(before -> before.phase() == Phase.CONNECTED ? before.hanging(replaced, why) : before);
        }

        @Override
        public void goesOn() {
            publish(before -> before.hung() ? before.in(Phase.CONNECTED, "") : before);
        }

        @Override
        public void killed(String why) {
            watcher.unresponsive(why);
        }

        @Override
        public void failedRequests(long count) {
            watcher.failedRequests(count);
        }

        /** By the link thread and the watch's: in the order in which it changes. */
        private synchronized void publish(UnaryOperator<RemoteState> change) {
            RemoteState next = change.apply(state);
            if (!next.equals(state)) {
                state = next;
                watcher.changed(next);
            }
        }
    }
}
