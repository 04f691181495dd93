package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A real-time signal by which other threads interrupt one thread's KVM_RUN. It is blocked on that thread, so no
 * handler ever runs; the thread gives {@link #maskInsideCall} to KVM_SET_SIGNAL_MASK, so that the signal is deliverable
 * inside KVM_RUN only, and ends it with EINTR.
 *
 * <p>To kick: write the reason with release, set {@code immediate_exit}, {@link #send}. On each EINTR the thread clears
 * {@code immediate_exit}, {@link #drain}s, and reads the reason with acquire last. In another order a second kick can be
 * swallowed. See {@link Processes#kickSignal}.
 */
public final class KickSignal {
    /** What HotSpot does not use. */
    public static final int DEFAULT = 50;

    private final Kernel kernel;
    private final int signal;
    private final int pid;
    private final int thread;
    private final long maskBefore;
    private final MemorySegment set;
    private final MemorySegment zero;

    private KickSignal(Kernel kernel, int signal, int pid, int thread, long maskBefore) {
        this.kernel = kernel;
        this.signal = signal;
        this.pid = pid;
        this.thread = thread;
        this.maskBefore = maskBefore;
        Arena arena = Arena.ofAuto();
        set = arena.allocateFrom(ValueLayout.JAVA_LONG, ProcessLayout.sigset(signal));
        zero = arena.allocate(ProcessLayout.TIMESPEC_SIZE, 8);
    }

    /** Blocks the signal on the calling thread, which must be a platform thread. */
    static KickSignal block(Kernel kernel, int signal) {
        Processes processes = new Processes(kernel);
        long before = processes.blockSignal(signal);
        return new KickSignal(kernel, signal, processes.pid(), processes.threadId(), before);
    }

    /** Interrupts the thread. Any thread may. A queue of signals that is full (EAGAIN) has one pending already. */
    public void send() {
        long result = kernel.call(Syscall.TGKILL, pid, thread, signal, 0, 0, 0);
        if (result != -Errno.EAGAIN.number() && result != -Errno.ESRCH.number()) {
            Call.check(result, Syscall.TGKILL, "thread " + thread + " signal " + signal);
        }
    }

    /** Takes away all that are pending on the calling thread. @return how many */
    public int drain() {
        int drained = 0;
        while (Call.keeping(
                        set,
                        zero,
                        kernel.call(
                                Syscall.RT_SIGTIMEDWAIT,
                                set.address(),
                                0,
                                zero.address(),
                                ProcessLayout.KERNEL_SIGSET_SIZE,
                                0,
                                0))
                == signal) {
            drained++;
        }
        return drained;
    }

    /** The signals to be blocked inside the interruptible call: what was blocked before, without ours. */
    public long maskInsideCall() {
        return maskBefore & ~ProcessLayout.sigset(signal);
    }

    /** The kernel's number of the thread that it interrupts. */
    public int thread() {
        return thread;
    }

    /** The number of the signal. */
    public int signal() {
        return signal;
    }
}
