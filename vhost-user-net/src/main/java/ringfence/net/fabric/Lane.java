package ringfence.net.fabric;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.agrona.concurrent.ControlledMessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.virtio.queue.ChainCursor;

/**
 * Frames on their way to one receive queue, each behind twelve bytes of header. Any thread may write; the queue's worker
 * reads. {@link #open}, {@link #shut} and {@link #close} are the connection's thread's.
 *
 * <p>Its memory is taken when its queue first starts, and kept.
 */
final class Lane implements AutoCloseable {
    /** Bytes, a power of two: the ring takes messages of an eighth of it, and the longest frame has 64 KiB. */
    static final int CAPACITY = 1 << 20;

    private static final int FRAME = 1;

    private final EventFd alarm;
    private MemorySegment memory;
    private ManyToOneRingBuffer ring;
    /** Written last when it opens: who sees it true sees the memory. */
    private volatile boolean open;
    /** The reader is asleep, or about to be. */
    private volatile boolean asleep;
    /** On which thread the reader is, written before it. */
    private Thread thread;
    /** Takes frames of its own thread without this detour; null: there is none, or it does not. */
    private volatile SwitchReceiver reader;

    Lane(Linux linux) {
        alarm = linux.events().eventFd();
    }

    /** Its queue starts: what was left over is thrown away. */
    void open() {
        if (ring == null) {
            memory = Arena.ofAuto().allocate(CAPACITY + RingBufferDescriptor.TRAILER_LENGTH, 64);
            ring = new ManyToOneRingBuffer(new UnsafeBuffer(memory.asByteBuffer()));
        }
        while (ring.read((type, buffer, index, length) -> {}) > 0) {
            Thread.onSpinWait();
        }
        open = true;
    }

    /** Its queue has stopped. */
    void shut() {
        open = false;
    }

    boolean isOpen() {
        return open;
    }

    /**
     * Writes a frame; {@link #wake} follows when the batch is over. The lane is open, or was a moment ago.
     *
     * @param head the first {@code headBytes} of header and frame
     * @param chain where the rest is; null: there is no rest
     * @param from where in the chain's readable part
     * @param total bytes of header and frame
     * @return false: it is full
     */
    boolean offer(MemorySegment head, int headBytes, ChainCursor chain, long from, int total) {
        int at = ring.tryClaim(FRAME, total);
        if (at < 0) {
            return false;
        }
        boolean whole = false;
        try {
            MemorySegment.copy(head, 0, memory, at, headBytes);
            if (chain != null) {
                chain.copyIn(from, memory, at + headBytes, total - headBytes);
            }
            whole = true;
        } finally { // a guest's memory may go away under us: nobody else must wait for this frame
            if (whole) {
                ring.commit(at);
            } else {
                ring.abort(at);
            }
        }
        return true;
    }

    /** Wakes the reader, if it sleeps. */
    void wake() {
        VarHandle.fullFence(); // what was written, then the look: pairs with the volatile write in willSleep
        if (asleep) {
            asleep = false;
            alarm.signal();
        }
    }

    /** Who takes a frame at once: the reader, if this is its thread and nothing waits before that frame; else null. */
    SwitchReceiver readerHere() {
        SwitchReceiver one = reader;
        return one != null && thread == Thread.currentThread() && ring.size() == 0 ? one : null;
    }

    // ---- the reader ---------------------------------------------------------------------------------------------

    /** From now on this reader may be called by others on its thread, which is the current one; null: no longer. */
    void reader(SwitchReceiver one) {
        if (one != reader) {
            thread = Thread.currentThread();
            reader = one;
        }
    }

    /** Becomes readable anew each time that the reader is woken. */
    Fd source() {
        return alarm.fd();
    }

    /** Where {@link #read} says that the frames lie. */
    MemorySegment memory() {
        return memory;
    }

    /** Hands frames to a handler, which may ABORT. @return how many it has taken */
    int read(ControlledMessageHandler handler, int limit) {
        return ring.controlledRead(handler, limit);
    }

    /** The reader is about to sleep. @return whether it must not: there is something */
    boolean willSleep() {
        asleep = true;
        return ring.size() > 0;
    }

    void awake() {
        asleep = false;
    }

    @Override
    public void close() {
        alarm.close();
    }
}
