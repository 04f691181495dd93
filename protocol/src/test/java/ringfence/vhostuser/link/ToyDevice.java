package ringfence.vhostuser.link;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.queue.ChainCursor;

/**
 * A device of words: a request names an operation (0 read, 1 write), an index and a value (three longs, readable), and
 * gets a word (writable). Its words live here, so a successor can share them as two daemons share a disk.
 */
class ToyDevice implements BackendDevice {
    static final int REQUEST = 24;
    static final int ANSWER = 8;
    static final int WORDS = 4096;

    final long[] words;
    final List<String> events = new CopyOnWriteArrayList<>();
    final List<Long> order = new CopyOnWriteArrayList<>();
    final ConcurrentLinkedQueue<HeldEngine> engines = new ConcurrentLinkedQueue<>();
    final AtomicInteger open = new AtomicInteger();
    final AtomicInteger timed = new AtomicInteger();
    private final Linux linux;
    private final int queues;
    private final boolean held;
    volatile MemorySegment persistent;
    byte[] config = {1, 2, 3, 4, 5, 6, 7, 8};
    byte[] state = {42};

    ToyDevice(Linux linux, int queues, boolean held, long[] words) {
        this.linux = linux;
        this.queues = queues;
        this.held = held;
        this.words = words;
    }

    static ToyDevice prompt(Linux linux, int queues) {
        return new ToyDevice(linux, queues, false, new long[WORDS]);
    }

    /** One whose requests stay in flight until {@link HeldEngine#release}. */
    static ToyDevice held(Linux linux, long[] words) {
        return new ToyDevice(linux, 1, true, words);
    }

    @Override
    public int type() {
        return 42;
    }

    @Override
    public long features() {
        return 0b101;
    }

    @Override
    public int queueCount() {
        return queues;
    }

    @Override
    public int maxQueueSize() {
        return 1024;
    }

    @Override
    public byte[] config() {
        return config.clone();
    }

    @Override
    public void writeConfig(int offset, byte[] bytes) {
        if (offset < 4) {
            throw new IllegalArgumentException("read-only");
        }
        System.arraycopy(bytes, 0, config, offset, bytes.length);
    }

    @Override
    public void setConfig(int offset, byte[] bytes) {
        System.arraycopy(bytes, 0, config, offset, bytes.length);
    }

    @Override
    public void negotiated(long features) {
        events.add("negotiated " + Long.toHexString(features));
    }

    @Override
    public QueueEngine engine(int queue, MemoryTable memory) {
        open.incrementAndGet();
        if (held) {
            HeldEngine engine = new HeldEngine();
            engines.add(engine);
            return engine;
        }
        return new PromptEngine();
    }

    @Override
    public void reset() {
        events.add("reset");
    }

    @Override
    public int persistentBytes() {
        return 16;
    }

    @Override
    public void attach(MemorySegment bytes) {
        persistent = bytes;
        events.add("attach");
    }

    @Override
    public void detach() {
        persistent = null;
        events.add("detach");
    }

    @Override
    public void disconnected() {
        events.add("disconnected");
    }

    @Override
    public int mostState() {
        return 1 << 20;
    }

    @Override
    public void saveState(ByteBuffer into) {
        into.put(state);
    }

    @Override
    public void loadState(ByteBuffer from) {
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        if (bytes.length == 0 || bytes[0] != 42) {
            throw new IllegalArgumentException("not a toy's state");
        }
        state = bytes;
    }

    private static long doWork(long[] words, long operation, int index, long value) {
        if (operation == 1) {
            words[index] = value;
        }
        return words[index];
    }

    final class PromptEngine implements QueueEngine {
        @Override
        public void submit(ChainCursor chain, Completions done) {
            long answer = doWork(words, chain.readLong(0), (int) chain.readLong(8), chain.readLong(16));
            int last = chain.count() - 1;
            chain.segment(last).set(ValueLayout.JAVA_LONG_UNALIGNED, chain.offset(last), answer);
            done.complete(chain.head(), ANSWER);
        }

        @Override
        public void timed(long nanos) {
            timed.incrementAndGet();
        }

        @Override
        public void close() {
            open.decrementAndGet();
        }
    }

    private record Held(int head, long operation, int index, long value, MemorySegment answer) {}

    /** Completes nothing by itself. */
    final class HeldEngine implements QueueEngine {
        private final EventFd wakeup = linux.events().eventFd();
        private final List<Held> inside = new ArrayList<>();
        private final AtomicInteger allowed = new AtomicInteger();
        private volatile int submitted;

        /** Lets so many requests finish, the newest first: out of order on purpose. */
        void release(int requests) {
            allowed.addAndGet(requests);
            wakeup.signal();
        }

        int submitted() {
            return submitted;
        }

        @Override
        public void submit(ChainCursor chain, Completions done) {
            int last = chain.count() - 1;
            order.add(chain.readLong(8));
            inside.add(new Held(
                    chain.head(),
                    chain.readLong(0),
                    (int) chain.readLong(8),
                    chain.readLong(16),
                    chain.segment(last).asSlice(chain.offset(last), ANSWER)));
            submitted = inside.size();
        }

        @Override
        public int reap(Completions done) {
            int reaped = 0;
            while (!inside.isEmpty() && allowed.get() > 0) {
                allowed.decrementAndGet();
                Held one = inside.removeLast();
                long answer = doWork(words, one.operation, one.index, one.value);
                one.answer.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, answer);
                done.complete(one.head, ANSWER);
                reaped++;
            }
            return reaped;
        }

        @Override
        public int inFlight() {
            return inside.size();
        }

        @Override
        public Fd wakeup() {
            return wakeup.fd();
        }

        @Override
        public boolean armWakeup() {
            return allowed.get() > 0;
        }

        @Override
        public void disarmWakeup() {
            wakeup.drain();
        }

        @Override
        public void close() {
            wakeup.close();
            open.decrementAndGet();
        }
    }
}
