package ringfence.vmm.device.net;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.DeviceType;
import ringfence.virtio.Feature;
import ringfence.virtio.NetControlLayout;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.config.MacAddress;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;
import ringfence.vmm.device.VirtioDevice;
import ringfence.vmm.device.local.NetCommands;
import ringfence.vmm.device.local.NetControl;
import ringfence.vmm.device.remote.HangWatch;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.Profile;
import ringfence.vmm.device.remote.RemoteDevice;
import ringfence.vmm.device.remote.RemoteListener;
import ringfence.vmm.device.remote.RemoteState;
import ringfence.vmm.device.remote.SocketSource;

/** A network device whose packets are moved by another process. See the package. */
public final class NetDevice implements VirtioDevice {
    private static final int PAIR = 2;
    private static final int THREAD_NAME = 15;

    private final String id;
    private final int pairs;
    private final NetSpace space;
    private final RemoteDevice data;
    private final NetControl control;
    private volatile DeviceListener listener; // null: not named yet
    private volatile long acknowledged;

    private NetDevice(
            Linux linux,
            NetConfig config,
            SocketSource source,
            MemoryTable memory,
            RemoteListener watcher,
            HangWatch hangs) {
        id = config.id();
        pairs = config.pairs();
        space = new NetSpace(config.mac().orElseThrow(), pairs, config.mtu());
        String name = id + "/ctrl";
        control = new NetControl(
                linux,
                name.substring(0, Math.min(THREAD_NAME, name.length())),
                config.queueSize(),
                memory,
                new Commands());
        data = RemoteDevice.of(linux, id, Profile.net(pairs, config.offloads(), config.mtu()), source, memory)
                .queues(PAIR * pairs, config.queueSize())
                .watchedBy(new Watch(watcher))
                .hangs(hangs, config.upkeep())
                .start();
    }

    /**
     * Makes a device and lets it look for its back-end.
     *
     * @param config with an address
     * @param source where the back-end is found
     * @param watcher who is told of the connection
     * @param hangs who looks whether the back-end hangs; null: nobody
     */
    public static NetDevice start(
            Linux linux,
            NetConfig config,
            SocketSource source,
            MemoryTable memory,
            RemoteListener watcher,
            HangWatch hangs) {
        return new NetDevice(linux, config, source, memory, watcher, hangs);
    }

    /** What is known of the connection now. */
    public RemoteState state() {
        return data.state();
    }

    /** See {@link RemoteDevice#handOver}. */
    public void handOver() {
        data.handOver();
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public int type() {
        return DeviceType.NET;
    }

    @Override
    public int queueCount() {
        return PAIR * pairs + 1;
    }

    @Override
    public int maxQueueSize(int queue) {
        return data.maxQueueSize(0); // all are alike
    }

    @Override
    public boolean isReady() {
        return data.isReady();
    }

    @Override
    public void onReady(Runnable action) {
        data.onReady(action);
    }

    @Override
    public long features() {
        return data.features();
    }

    @Override
    public long readConfig(int offset, int width) {
        return space.read(offset, width);
    }

    @Override
    public CompletionStage<Void> writeConfig(int offset, int width, long value) {
        return CompletableFuture.completedStage(
                null); // nothing of it is the driver's: it sets its address by a command
    }

    @Override
    public int configSize() {
        return NetLayout.CONFIG;
    }

    @Override
    public void acknowledge(long features) {
        acknowledged = features;
        data.acknowledge(features);
    }

    /** How many queues move packets, and so which one is the control queue (5.1.2). */
    private int dataQueues() {
        return Feature.has(acknowledged, NetLayout.F_MQ) ? PAIR * pairs : PAIR;
    }

    private boolean isControl(int index) {
        return index == dataQueues() && Feature.has(acknowledged, NetControlLayout.F_CTRL_VQ);
    }

    @Override
    public CompletionStage<Void> startQueue(int index, QueueConfig queue, QueueState from, QueueEvents events) {
        if (isControl(index)) {
            return control.startQueue(0, queue, from, events);
        }
        return index < dataQueues() ? data.startQueue(index, queue, from, events) : noQueue(index);
    }

    @Override
    public CompletionStage<QueueState> stopQueue(int index) {
        if (isControl(index)) {
            return control.stopQueue(0);
        }
        return index < dataQueues() ? data.stopQueue(index) : noQueue(index);
    }

    private static <T> CompletionStage<T> noQueue(int index) {
        return CompletableFuture.failedStage(
                new IllegalStateException("queue " + index + " does not exist with the features taken"));
    }

    @Override
    public CompletionStage<Void> reset() {
        return control.reset().thenCompose(_ -> data.reset()).thenApply(_ -> {
            acknowledged = 0;
            space.reset();
            return null;
        });
    }

    @Override
    public void listen(DeviceListener to) {
        listener = to;
        control.listen(to);
        data.listen(to);
    }

    @Override
    public void close() {
        control.close();
        data.close();
    }

    /** From the control queue's thread. */
    private final class Commands implements NetCommands {
        @Override
        public long acknowledged() {
            return acknowledged;
        }

        @Override
        public boolean pairs(int count) {
            if (count < 1 || count > pairs) {
                return false;
            }
            data.enableQueues(PAIR * count);
            return true;
        }

        @Override
        public boolean address(byte[] mac) {
            long bits = 0;
            for (byte b : mac) {
                bits = bits << 8 | b & 0xFF;
            }
            if (!new MacAddress(bits).isUnicast()) {
                return false;
            }
            space.address(mac);
            return true;
        }

        @Override
        public boolean offloads(long bits) {
            long switchable = acknowledged & NetControlLayout.SWITCHABLE;
            if ((bits & ~switchable) != 0) {
                return false;
            }
            data.useFeatures(acknowledged & ~switchable | bits);
            return true;
        }

        @Override
        public void announced() {
            space.announce(false);
        }
    }

    /** From the link thread. */
    private final class Watch implements RemoteListener {
        private final RemoteListener next;
        private int successors;

        Watch(RemoteListener next) {
            this.next = next;
        }

        @Override
        public void changed(RemoteState state) {
            if (state.phase() == Phase.CONNECTED && state.reconnects() > successors) {
                successors = state.reconnects();
                if (listener != null
                        && Feature.has(acknowledged, NetControlLayout.F_GUEST_ANNOUNCE | NetLayout.F_STATUS)) {
                    space.announce(true);
                    listener.configChanged();
                }
            }
            next.changed(state);
        }

        @Override
        public void unresponsive(String why) {
            next.unresponsive(why);
        }

        @Override
        public void failedRequests(long count) {
            next.failedRequests(count);
        }
    }
}
