package ringfence.vmm.legacy;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Carries serial output from the vCPU threads to a stream that may stall: a ring of bytes with one producer at a time
 * (the port holds its monitor) and one consumer, a thread of its own.
 *
 * <p>A byte costs the vCPU one store and one look at a flag: the thread, once awake, gathers for some milliseconds
 * what comes, writes it in one piece, and goes to sleep after some rounds without output. So a burst of a thousand bytes is
 * a few writes and one wake-up. When the stream stalls the ring fills, the port stops asking the guest for more, and
 * what the guest writes nevertheless (a kernel's console polls) is dropped and counted; nobody waits.
 */
public final class SerialPump implements SerialBackend, AutoCloseable {
    private static final int CAPACITY = 1 << 16;
    private static final int CONGESTED = CAPACITY * 3 / 4;
    private static final int RELIEVED = CAPACITY / 4;
    private static final long GATHER_NANOS = 5_000_000; // a third of what a screen shows
    private static final int PIECE = 4096; // of one write: how much a slow reader has taken shall be seen
    private static final long STALLED_NANOS = 500_000_000; // nobody reads who takes nothing for so long
    private static final int IDLE_ROUNDS = 5;
    private static final int PATIENT_ROUNDS = 100; // while the hypervisor keeps output: to make it stop is not for free

    private final byte[] ring = new byte[CAPACITY];
    private final OutputStream out;
    private final Thread thread;
    private final AtomicLong dropped = new AtomicLong();
    private volatile Port port = new Unattached();
    private volatile boolean asleep;
    private volatile boolean closing;
    private volatile boolean held; // congestion was reported and relief is owed

    // volatile, not VarHandles: the interpreter, which a guest's first output meets, takes 20 times as long for those
    private volatile long head; // bytes taken, written by the consumer
    private volatile long tail; // bytes put, written by the producer

    /** A pump into {@code out}, which stays the caller's, with a thread of this name. */
    public SerialPump(String name, OutputStream out) {
        this.out = out;
        thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    @Override
    public void transmit(int value) {
        long at = tail;
        if (at - head == CAPACITY) { // else the byte there has been read: the consumer moves head after that
            dropped.incrementAndGet();
            return;
        }
        ring[(int) at & CAPACITY - 1] = (byte) value;
        tail = at + 1; // before 'asleep' is looked at, or a wake-up could be lost
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
    public void attach(Port next) {
        port = next;
    }

    /** From now on it is no port's, until another one is named. */
    public void detach() {
        port = new Unattached();
    }

    /** Bytes that were lost because the stream was stalled. */
    public long dropped() {
        return dropped.get();
    }

    /**
     * Waits until all that was transmitted so far has been written, at most {@code nanos}, and not for a stream that has
     * stalled.
     *
     * @return whether it has
     */
    public boolean drain(long nanos) {
        long start = System.nanoTime();
        long target = tail;
        long seen = head;
        long moved = start;
        while (head < target) {
            long now = System.nanoTime();
            if (head != seen) {
                seen = head;
                moved = now;
            }
            if (now - start > nanos || now - moved > STALLED_NANOS || !thread.isAlive()) {
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
        return (int) (tail - head);
    }

    private void run() {
        int idle = 0;
        while (!closing) {
            boolean unseen = port.collect();
            if (fill() != 0) {
                idle = 0;
                writeAll();
            } else if (++idle >= (unseen ? PATIENT_ROUNDS : IDLE_ROUNDS)) {
                port.quiet();
                sleep();
                idle = 0;
                continue;
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
                long from = head;
                int at = (int) from & CAPACITY - 1;
                int length = Math.min(Math.min(left, PIECE), CAPACITY - at);
                out.write(ring, at, length);
                head = from + length;
                left -= length;
            }
            out.flush();
        } catch (IOException e) {
            // the reader has gone away: the guest must not notice, so the bytes count as dropped
            long lost = tail;
            dropped.addAndGet(lost - head);
            head = lost;
        }
        if (held && fill() <= RELIEVED) {
            held = false;
            port.relieved();
        }
    }

    /** Before a machine has a port. */
    private static final class Unattached implements Port {
        @Override
        public void relieved() {
            // nobody was held back
        }

        @Override
        public boolean collect() {
            return false;
        }

        @Override
        public void quiet() {
            // nothing is kept
        }
    }
}
