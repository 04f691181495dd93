package ringfence.vmm.device.remote;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import ringfence.linux.Fd;
import ringfence.memory.MemoryTable;
import ringfence.vhostuser.link.BackendDevice;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.DeviceType;
import ringfence.virtio.queue.ChainCursor;

/** A disk in a back-end: answers each request with its own mark in the status byte. */
public final class AnsweringDisk implements BackendDevice {
    final List<String> calls = new CopyOnWriteArrayList<>();
    volatile long capacity = 2048;
    volatile boolean resizable = true;
    volatile boolean dies;
    /** Before it opens, nothing that writes the configuration space is answered. */
    volatile CountDownLatch gate = new CountDownLatch(0);

    /** Before it opens, no request is completed. */
    volatile CountDownLatch completes = new CountDownLatch(0);

    volatile long features = BlkLayout.F_FLUSH | BlkLayout.F_CONFIG_WCE | BlkLayout.F_MQ;
    private final int mark;
    private final int queues;

    /** Answers with this mark. */
    public AnsweringDisk(int mark, int queues) {
        this.mark = mark;
        this.queues = queues;
    }

    @Override
    public int type() {
        return DeviceType.BLOCK;
    }

    @Override
    public long features() {
        return features;
    }

    @Override
    public int queueCount() {
        return queues;
    }

    @Override
    public int maxQueueSize() {
        return 128;
    }

    @Override
    public byte[] config() {
        ByteBuffer config = ByteBuffer.allocate(60).order(ByteOrder.LITTLE_ENDIAN);
        config.putLong(0, capacity).putShort(34, (short) 7);
        return config.array();
    }

    @Override
    public void writeConfig(int offset, byte[] bytes) {
        calls.add("config " + offset + "=" + bytes[0]);
        await(gate);
    }

    /** As large as it is asked to be; where {@link #dies} says so, it is that, and does not live to tell. */
    @Override
    public void setConfig(int offset, byte[] bytes) {
        calls.add("resize");
        if (!resizable) {
            throw new IllegalArgumentException("stays as it is");
        }
        capacity = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(offset);
        if (dies) {
            throw new IllegalStateException("dies");
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void negotiated(long taken) {
        calls.add("negotiated " + Long.toHexString(taken));
    }

    @Override
    public QueueEngine engine(int queue, MemoryTable memory) {
        calls.add("engine " + queue);
        return new Engine();
    }

    @Override
    public void reset() {
        calls.add("reset");
    }

    private final class Engine implements QueueEngine {
        private final Queue<int[]> done = new ArrayDeque<>();

        @Override
        public void submit(ChainCursor chain, Completions completions) {
            chain.writeByte(0, mark);
            done.add(new int[] {chain.head(), 1});
        }

        @Override
        public void flush() {
            // nothing is buffered
        }

        @Override
        public int reap(Completions completions) {
            await(completes);
            int count = done.size();
            done.forEach(one -> completions.complete(one[0], one[1]));
            done.clear();
            return count;
        }

        @Override
        public int inFlight() {
            return done.size();
        }

        @Override
        public Fd wakeup() {
            return null;
        }

        @Override
        public void close() {
            // nothing to let go of
        }
    }
}
