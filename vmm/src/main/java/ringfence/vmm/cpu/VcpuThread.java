package ringfence.vmm.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import ringfence.linux.KickSignal;
import ringfence.linux.Linux;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.kvm.ExitReason;
import ringfence.vmm.kvm.Vcpu;

/**
 * The thread of one vCPU, a platform thread named {@code vcpuN}: runs the guest and dispatches its exits through the bus
 * table. Its methods may be called by any thread; those of the machine's owner are meant.
 *
 * <p>The order of every line of {@link #kick} and {@link #interrupted} matters; see the package.
 */
public final class VcpuThread {
    private static final int PAUSE = 1;
    private static final int STOP = 2;
    private static final int CALL = 4;

    private static final VarHandle REQUESTS;

    static {
        try {
            REQUESTS = MethodHandles.lookup().findVarHandle(VcpuThread.class, "requests", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Linux linux;
    private final Vcpu vcpu;
    private final VcpuEvents events;
    private final Accesses accesses;
    private final ExitCounters counters;
    private final Thread thread;
    private final Object signalLock = new Object();
    private final Object stateLock = new Object();
    private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();

    /** Why it is kicked: bits. PAUSE and STOP are wishes that stay until taken back; CALL is taken. */
    private volatile int requests;

    private volatile VcpuState state = VcpuState.NEW;
    private KickSignal signal; // guarded by signalLock; null while the thread cannot be signalled

    /**
     * A thread for this vCPU, which it does not own; the vCPU is set up before {@link #start}.
     *
     * @param counters its own: it alone counts there
     */
    public VcpuThread(Linux linux, Vcpu vcpu, BusTable buses, ExitCounters counters, VcpuEvents events) {
        this.linux = linux;
        this.vcpu = vcpu;
        this.counters = counters;
        this.events = events;
        accesses = new Accesses(vcpu.kvmRun(), buses, this::state);
        thread = Thread.ofPlatform().name("vcpu" + vcpu.id()).daemon(true).unstarted(this::main);
    }

    /** Starts it, once; if {@link #pause} came before, it waits outside the guest. */
    public void start() {
        state(VcpuState.RUNNING);
        thread.start();
    }

    /** Where it is. */
    public VcpuState state() {
        return state;
    }

    /** How often it has left the guest, and why. */
    public ExitCounters counters() {
        return counters;
    }

    /** The vCPU's number. */
    public int cpu() {
        return vcpu.id();
    }

    /** Asks it to stand still; see {@link #awaitPaused}. */
    public void pause() {
        kick(PAUSE);
    }

    /** Lets it run again. */
    public void resume() {
        REQUESTS.getAndBitwiseAndRelease(this, ~PAUSE);
        LockSupport.unpark(thread);
    }

    /** Asks it to end, also out of a deferred access. See {@link #join}. */
    public void stop() {
        kick(STOP);
        accesses.answerNow();
    }

    /**
     * Waits until it stands still: paused, stopped, or waiting for the answer to a register access.
     *
     * @return false if the time was not enough
     */
    public boolean awaitPaused(long nanos) {
        return await(false, nanos);
    }

    /**
     * After {@link #pause}, makes its registers final: an access that waits for an answer is answered with its fallback,
     * and completed by a KVM_RUN that does not enter the guest.
     *
     * @return false if the time was not enough
     */
    public boolean settle(long nanos) {
        accesses.answerNow();
        return await(true, nanos);
    }

    /** Waits for the thread's end. @return false if the time was not enough */
    public boolean join(long nanos) throws InterruptedException {
        return state == VcpuState.NEW || thread.join(Duration.ofNanos(nanos));
    }

    /**
     * Runs something on the vCPU's thread outside the guest, such as reading its registers: now if it is paused, else it
     * is kicked out for it. An access that the exit was about is completed first.
     */
    public <T> CompletableFuture<T> call(Function<Vcpu, T> what) {
        CompletableFuture<T> result = new CompletableFuture<>();
        calls.add(() -> {
            try {
                result.complete(what.apply(vcpu));
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        kick(CALL);
        return result;
    }

    /** Kicks it out of the guest for nothing: it takes the newest tables and goes on. */
    public void kick() {
        kick(CALL);
    }

    private void kick(int reason) {
        REQUESTS.getAndBitwiseOr(this, reason); // before anything else; volatile: release, and ordered with `signal`
        synchronized (signalLock) { // so that the thread cannot end, and its number be reused, in between
            if (signal != null) {
                vcpu.kvmRun().immediateExit(true);
                signal.send();
            }
        }
        LockSupport.unpark(thread);
    }

    private void main() {
        KickSignal own = linux.processes().kickSignal(KickSignal.DEFAULT);
        try {
            vcpu.signalMask(own.maskInsideCall());
            synchronized (signalLock) {
                signal = own;
            }
            // whoever kicked before this saw no signal, and its reason is seen by the first look at `requests`
            if (attend()) {
                events.firstRun(vcpu.id());
                run(own);
            }
        } catch (Throwable e) { // Throwable: an InternalError of truncated memory, too, must not end silently
            fault(Faults.of(vcpu, e));
        } finally {
            synchronized (signalLock) {
                signal = null;
            }
            // a thread that ends gets back the mask of its start, and a kick still pending would then end the process
            own.drain();
            state(VcpuState.STOPPED);
        }
    }

    private void run(KickSignal own) {
        while (exit(own)) {
            // a method per exit: that is compiled long before a loop would be
        }
    }

    /** Runs the guest as far as its next exit, and answers that. @return whether to go on */
    private boolean exit(KickSignal own) {
        ExitReason reason = vcpu.run();
        counters.count(reason);
        return switch (reason) {
            case IO -> accesses.port();
            case MMIO -> accesses.memory();
            case INTERRUPTED, INTR -> interrupted(own);
            case SYSTEM_EVENT -> {
                events.systemEvent(vcpu.id(), vcpu.kvmRun().systemEventType());
                yield true;
            }
            // these come only with abilities that are never enabled, and then mean: go on
            case HLT, IRQ_WINDOW_OPEN, IOAPIC_EOI, BUS_LOCK -> true;
            case SHUTDOWN, FAIL_ENTRY, INTERNAL_ERROR, UNKNOWN, OTHER -> fault(Faults.read(vcpu, reason));
        };
    }

    /** After EINTR. @return whether to go on */
    private boolean interrupted(KickSignal own) {
        vcpu.kvmRun().immediateExit(false);
        own.drain();
        return attend(); // reads the reason last: a kick after this line interrupts the next KVM_RUN
    }

    /** Does what is asked for, until nothing is. @return false: end */
    private boolean attend() {
        while (true) {
            int asked = (int) REQUESTS.getAndBitwiseAndAcquire(this, ~CALL);
            if ((asked & STOP) != 0) {
                return false;
            }
            if ((asked & CALL) != 0) {
                drainCalls();
            } else if ((asked & PAUSE) == 0) {
                if (state == VcpuState.PAUSED) {
                    vcpu.tellPaused(); // or its watchdogs would bark
                    state(VcpuState.RUNNING);
                }
                return true;
            } else {
                state(VcpuState.PAUSED);
                LockSupport.park(this);
            }
        }
    }

    private void drainCalls() {
        for (Runnable call = calls.poll(); call != null; call = calls.poll()) {
            call.run();
        }
    }

    /** Tells of a fault, and waits to be stopped. @return false */
    private boolean fault(CpuFault fault) {
        state(VcpuState.FAULTED);
        events.fault(fault);
        while (((int) REQUESTS.getAndBitwiseAndAcquire(this, ~CALL) & STOP) == 0) {
            drainCalls();
            LockSupport.park(this);
        }
        return false;
    }

    private void state(VcpuState now) {
        state = now;
        if (now != VcpuState.RUNNING) {
            synchronized (stateLock) {
                stateLock.notifyAll();
            }
        }
    }

    private boolean await(boolean settled, long nanos) {
        long deadline = System.nanoTime() + nanos;
        synchronized (stateLock) {
            while (settled ? !state.isSettled() : !state.standsStill()) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                try {
                    TimeUnit.NANOSECONDS.timedWait(stateLock, left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
            return true;
        }
    }
}
