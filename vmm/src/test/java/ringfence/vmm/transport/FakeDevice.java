package ringfence.vmm.transport;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import ringfence.virtio.DeviceType;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;
import ringfence.vmm.device.VirtioDevice;

/** A block device without a disk, whose stages a test completes. */
public final class FakeDevice implements VirtioDevice {
    final List<String> calls = new ArrayList<>();
    final List<QueueConfig> started = new ArrayList<>();
    /** Of the queues that were started. */
    public final QueueEvents[] events;

    final byte[] config = new byte[16];
    long features = 1L << 32 | 1L << 29 | 1L << 28 | 1L << 6 | 1L << 40;
    CompletableFuture<Void> starting = CompletableFuture.completedFuture(null);
    CompletableFuture<Void> configWritten = CompletableFuture.completedFuture(null);
    CompletableFuture<Void> resetting = CompletableFuture.completedFuture(null);
    DeviceListener listener;
    private volatile boolean ready = true;
    private Runnable onReady;

    /** One that is ready. */
    public FakeDevice(int queues) {
        events = new QueueEvents[queues];
        for (int i = 0; i < config.length; i++) {
            config[i] = (byte) (0x10 + i);
        }
    }

    FakeDevice notReady() {
        ready = false;
        return this;
    }

    void becomesReady() {
        ready = true;
        onReady.run();
    }

    @Override
    public String id() {
        return "_disk0";
    }

    @Override
    public int type() {
        return DeviceType.BLOCK;
    }

    @Override
    public int queueCount() {
        return events.length;
    }

    @Override
    public int maxQueueSize(int queue) {
        return 256;
    }

    @Override
    public boolean isReady() {
        return ready;
    }

    @Override
    public void onReady(Runnable action) {
        if (ready) {
            action.run();
        } else {
            onReady = action;
        }
    }

    @Override
    public long features() {
        return ready ? features : 0;
    }

    @Override
    public long readConfig(int offset, int width) {
        long value = 0;
        for (int i = Math.min(width, config.length - offset) - 1; i >= 0; i--) {
            value = value << 8 | config[offset + i] & 0xFF;
        }
        return value;
    }

    @Override
    public CompletionStage<Void> writeConfig(int offset, int width, long value) {
        calls.add("config " + offset + "/" + width + "=" + value);
        return configWritten;
    }

    @Override
    public int configSize() {
        return config.length;
    }

    @Override
    public void acknowledge(long features) {
        calls.add("acknowledge " + Long.toHexString(features));
    }

    @Override
    public CompletionStage<Void> startQueue(int index, QueueConfig queue, QueueState from, QueueEvents bells) {
        calls.add("start " + index);
        started.add(queue);
        events[index] = bells;
        return starting;
    }

    @Override
    public CompletionStage<QueueState> stopQueue(int index) {
        calls.add("stop " + index);
        return CompletableFuture.completedFuture(QueueState.FRESH);
    }

    @Override
    public CompletionStage<Void> reset() {
        calls.add("reset");
        return resetting;
    }

    @Override
    public void listen(DeviceListener to) {
        listener = to;
    }

    @Override
    public void close() {
        calls.add("close");
    }
}
