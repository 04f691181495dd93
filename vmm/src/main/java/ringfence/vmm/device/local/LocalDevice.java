package ringfence.vmm.device.local;

import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import ringfence.linux.Epoll;
import ringfence.linux.EventFd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.Feature;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.virtio.queue.SplitQueue;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;
import ringfence.vmm.device.VirtioDevice;

/**
 * A virtio device served by a thread of the VMM. A subclass says what a chain means; everything about rings, threads and
 * life cycle is here.
 */
abstract class LocalDevice implements VirtioDevice {
    private static final long RING_FEATURES = Feature.VERSION_1 | Feature.INDIRECT_DESC | Feature.EVENT_IDX;
    private static final long WAKE = -1;

    /** Chains that a queue is served in a row. */
    private static final int BUDGET = 64;

    /** Descriptors that are told of at a time. */
    private static final int READY = 64;

    private final String id;
    private final int type;
    private final int queueSize;
    private final MemoryTable memory;
    private final LocalQueue[] queues;
    private final ChainCursor chain;
    private final Epoll epoll;
    private final EventFd wake;
    private final Queue<Runnable> work = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private volatile DeviceListener listener;
    private volatile boolean closing;
    private boolean gone; // guarded by work

    LocalDevice(Linux linux, String id, int type, int queueCount, int queueSize, MemoryTable memory) {
        this.id = id;
        this.type = type;
        this.queueSize = queueSize;
        this.memory = memory;
        queues = new LocalQueue[queueCount];
        chain = ChainCursor.forQueueSize(queueSize);
        epoll = linux.events().epoll(READY);
        wake = linux.events().eventFd();
        epoll.add(wake.fd(), Epoll.IN, WAKE);
        thread = Thread.ofPlatform().daemon().name(id).unstarted(this::run);
    }

    /** Features beside those of the ring. */
    abstract long deviceFeatures();

    /** Whether a chain of this queue can be served now; if not, it stays in the ring. On the device's thread. */
    abstract boolean canServe(int queue);

    /** Serves a chain. On the device's thread. @return bytes written into it */
    abstract int serve(int queue, ChainCursor chain);

    /** Something of {@link #epoll} is ready that no queue is. On the device's thread. */
    void ready(long token, int events) {
        throw new AssertionError(token);
    }

    /** All that was ready has been looked at. On the device's thread. */
    void turned() {}

    /** The driver has reset the device, and no queue runs. On the device's thread. */
    void forget() {}

    /** For descriptors of the device's own, with tokens from the number of its queues on. */
    final Epoll epoll() {
        return epoll;
    }

    /** Begins to work now and not with the first queue. */
    final void begin() {
        onThread(() -> null);
    }

    /** Has the device's thread look at a queue again, for {@link #canServe} may answer otherwise now. Any thread. */
    final void look(int queue) {
        post(() -> drain(queue));
    }

    final DeviceListener listener() {
        return listener;
    }

    private void run() {
        while (!closing) {
            int ready = epoll.await(-1);
            for (int i = 0; i < ready; i++) {
                long token = epoll.token(i);
                if (token == WAKE) {
                    wake.drain();
                } else if (token < queues.length) {
                    kicked((int) token);
                } else {
                    ready(token, epoll.events(i));
                }
            }
            Runnable next;
            while ((next = work.poll()) != null) {
                next.run();
            }
            turned();
        }
    }

    private void kicked(int index) {
        LocalQueue queue = queues[index];
        if (queue != null) {
            queue.events().kick().drain();
            drain(index);
        }
    }

    /** Serves what a queue has. On the device's thread. */
    final void drain(int index) {
        LocalQueue queue = queues[index];
        if (queue == null) {
            return;
        }
        SplitQueue ring = queue.ring();
        ring.disarmKick();
        int served = 0;
        boolean more = true;
        while (more && served < BUDGET && canServe(index)) {
            switch (ring.poll(chain)) {
                case CHAIN -> {
                    ring.complete(chain.head(), serve(index, chain));
                    served++;
                }
                case EMPTY -> more = ring.armKick();
                case BROKEN -> {
                    broken(index, ring);
                    return;
                }
            }
        }
        if (served == BUDGET) {
            look(index); // after the other queues had their turn
        } else if (more && !canServe(index)) {
            ring.armKick(); // a kick will say that there is more to fill; what is there already waits for look()
        }
        if (served > 0 && ring.needsInterrupt()) {
            queue.events().call().signal();
        }
    }

    private void broken(int index, SplitQueue ring) {
        epoll.remove(queues[index].events().kick().fd());
        queues[index] = null;
        listener.needsReset(id + ": queue " + index + ": " + ring.fault());
    }

    @Override
    public CompletionStage<Void> startQueue(int index, QueueConfig config, QueueState from, QueueEvents events) {
        return onThread(() -> {
            queues[index] = new LocalQueue(SplitQueue.start(config, memory, from), events);
            epoll.add(events.kick().fd(), Epoll.IN, index);
            drain(index);
            return null;
        });
    }

    @Override
    public CompletionStage<QueueState> stopQueue(int index) {
        return onThread(() -> stop(index));
    }

    private QueueState stop(int index) {
        LocalQueue queue = queues[index];
        if (queue == null) {
            return new QueueState(0, 0);
        }
        epoll.remove(queue.events().kick().fd());
        queues[index] = null;
        return queue.ring().stop();
    }

    @Override
    public CompletionStage<Void> reset() {
        if (!thread.isAlive()) {
            return CompletableFuture.completedStage(null);
        }
        return onThread(() -> {
            for (int i = 0; i < queues.length; i++) {
                stop(i);
            }
            forget();
            return null;
        });
    }

    private synchronized <T> CompletionStage<T> onThread(Supplier<T> what) {
        CompletableFuture<T> done = new CompletableFuture<>();
        post(() -> {
            try {
                done.complete(what.get());
            } catch (RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
        return done;
    }

    /** Has the device's thread do something, once it runs. Any thread. */
    final void post(Runnable what) {
        work.add(what);
        synchronized (work) {
            if (!gone) {
                wake.signal();
            }
        }
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public int type() {
        return type;
    }

    @Override
    public int queueCount() {
        return queues.length;
    }

    @Override
    public int maxQueueSize(int queue) {
        return queueSize;
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public void onReady(Runnable action) {
        action.run();
    }

    @Override
    public long features() {
        return RING_FEATURES | deviceFeatures();
    }

    /** Eight bytes of the configuration space, little-endian, from 8 times {@code index} on; beyond its end 0. Any thread. */
    long configWord(int index) {
        return 0;
    }

    @Override
    public final long readConfig(int offset, int width) {
        int index = offset / Long.BYTES;
        int shift = Byte.SIZE * (offset % Long.BYTES);
        long value = configWord(index) >>> shift;
        if (shift + Byte.SIZE * width > Long.SIZE) {
            value |= configWord(index + 1) << Long.SIZE - shift;
        }
        return width == Long.BYTES ? value : value & (1L << Byte.SIZE * width) - 1;
    }

    @Override
    public CompletionStage<Void> writeConfig(int offset, int width, long value) {
        return CompletableFuture.completedStage(null); // nothing to write
    }

    @Override
    public int configSize() {
        return 0;
    }

    @Override
    public void acknowledge(long features) {
        // the ring's features come with each queue
    }

    @Override
    public void listen(DeviceListener next) {
        listener = next;
    }

    @Override
    public void close() {
        closing = true;
        wake.signal();
        try {
            if (thread.isAlive() && thread != Thread.currentThread()) {
                thread.join();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        epoll.close();
        synchronized (work) {
            gone = true;
            wake.close();
        }
    }
}
