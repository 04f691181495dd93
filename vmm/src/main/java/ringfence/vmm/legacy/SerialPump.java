package ringfence.vmm.legacy;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Carries serial output from the vCPU threads to a stream that may stall: a ring of bytes with one producer at a time
 * (the port holds its monitor) and one consumer, a thread of its own.
 *
 * <p>A byte costs the vCPU one store and one look at a flag: the thread, once awake, gathers for a millisecond what
 * comes, writes it in one piece, and goes to sleep after some rounds without output. So a burst of a thousand bytes is
 * a few writes and one wake-up. When the stream stalls the ring fills, the port stops asking the guest for more, and
 * what the guest writes nevertheless (a kernel's console polls) is dropped and counted; nobody waits.
 */
public final class SerialPump implements SerialBackend, AutoCloseable {
    private static final int CAPACITY = 1 << 16;
    private static final int CONGESTED = CAPACITY * 3 / 4;
    private static final int RELIEVED = CAPACITY / 4;
    private static final long GATHER_NANOS = 1_000_000;
    private static final int IDLE_ROUNDS = 5;
    private static final VarHandle HEAD;
    private static final VarHandle TAIL;

    static {
        try {
            HEAD = MethodHandles.lookup().findVarHandle(SerialPump.class, "head", long.class);
            TAIL = MethodHandles.lookup().findVarHandle(SerialPump.class, "tail", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final byte[] ring = new byte[CAPACITY];
    private final OutputStream out;
    private final Thread thread;
    private final AtomicLong dropped = new AtomicLong();
    private volatile Runnable relief = () -> {};
    private volatile boolean asleep;
    private volatile boolean closing;
    private volatile boolean held; // congestion was reported and relief is owed

    @SuppressWarnings("unused") // through HEAD
    private long head; // bytes taken, written by the consumer

    @SuppressWarnings("unused") // through TAIL
    private long tail; // bytes put, written by the producer

    /** A pump into {@code out}, which stays the caller's, with a thread of this name. */
    public SerialPump(String name, OutputStream out) {
        this.out = out;
        thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    @Override
    public void transmit(int value) {
        long at = (long) TAIL.get(this);
        // acquire pairs with the consumer's release of head: the byte there has been read before it is overwritten
        if (at - (long) HEAD.getAcquire(this) == CAPACITY) {
            dropped.incrementAndGet();
            return;
        }
        ring[(int) at & CAPACITY - 1] = (byte) value;
        // volatile, not release: the store must be visible before 'asleep' is looked at, or a wake-up could be lost
        TAIL.setVolatile(this, at + 1);
        if (asleep) {
            LockSupport.unpark(thread);
        }
    }

    @Override
    public boolean isCongested() {
        boolean congested = fill() >= CONGESTED;
        if (congested) {
            held = true;
        }
        return congested;
    }

    @Override
    public void onRelief(Runnable action) {
        relief = action;
    }

    /** Bytes that were lost because the stream was stalled. */
    public long dropped() {
        return dropped.get();
    }

    /**
     * Waits until all that was transmitted so far has been written, at most {@code nanos}.
     *
     * @return whether it has
     */
    public boolean drain(long nanos) {
        long start = System.nanoTime();
        long target = (long) TAIL.getVolatile(this);
        while ((long) HEAD.getVolatile(this) < target) {
            if (System.nanoTime() - start > nanos || !thread.isAlive()) {
                return false;
            }
            LockSupport.unpark(thread);
            LockSupport.parkNanos(GATHER_NANOS / 4);
        }
        return true;
    }

    /** Ends the thread; what has not been written by then is lost (see {@link #drain}). Does not wait for the stream. */
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
    }

    private int fill() {
        return (int) ((long) TAIL.getVolatile(this) - (long) HEAD.getVolatile(this));
    }

    private void run() {
        int idle = 0;
        while (!closing) {
            if (fill() == 0) {
                idle++;
                if (idle >= IDLE_ROUNDS) {
                    sleep();
                    idle = 0;
                    continue;
                }
            } else {
                idle = 0;
                writeAll();
            }
            LockSupport.parkNanos(this, GATHER_NANOS);
        }
    }

    private void sleep() {
        asleep = true;
        while (fill() == 0 && !closing) {
            LockSupport.park(this);
        }
        asleep = false;
    }

    private void writeAll() {
        int left = fill();
        try {
            while (left > 0) {
                long from = (long) HEAD.get(this);
                int at = (int) from & CAPACITY - 1;
                int length = Math.min(left, CAPACITY - at);
                out.write(ring, at, length);
                HEAD.setVolatile(this, from + length);
                left -= length;
            }
            out.flush();
        } catch (IOException e) {
            // the reader has gone away: the guest must not notice, so the bytes count as dropped
            int lost = fill();
            dropped.addAndGet(lost);
            HEAD.setVolatile(this, (long) HEAD.get(this) + lost);
        }
        if (held && fill() <= RELIEVED) {
            held = false;
            relief.run();
        }
    }
}
