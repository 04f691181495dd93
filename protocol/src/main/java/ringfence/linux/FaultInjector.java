package ringfence.linux;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A door to the kernel that lets a test make calls fail. Calls that no fault covers go through. Any thread may use it.
 *
 * <pre>{@code
 * FaultInjector faults = new FaultInjector(new NativeKernel());
 * Linux linux = new Linux(faults);
 * faults.fail(Syscall.FDATASYNC, Errno.EIO, (a, b, c) -> a == disk.number());
 * }</pre>
 */
public final class FaultInjector implements Kernel {
    /** Which calls are meant, by their first three raw arguments. */
    @FunctionalInterface
    public interface Matcher {
        /** Every call. */
        Matcher ANY = (a, b, c) -> true;

        /** Whether it is this one. */
        boolean matches(long a, long b, long c);
    }

    /** What happens to a call that matches: minus an errno, or the result of the kernel, seen or changed. */
    @FunctionalInterface
    public interface Outcome {
        /** Answers in place of the kernel, which {@code through} would ask. */
        long answer(Kernel through, Syscall call, long[] arguments);
    }

    private record Fault(Matcher which, Outcome outcome) {}

    private final Kernel through;
    private final Map<Syscall, Fault> faults = new ConcurrentHashMap<>();
    private final Map<Syscall, Long> counts = new EnumMap<>(Syscall.class);

    /** Before a real kernel. */
    public FaultInjector(Kernel through) {
        this.through = through;
    }

    /** Makes every call of this kind fail. */
    public void fail(Syscall call, Errno errno) {
        fail(call, errno, Matcher.ANY);
    }

    /** Makes the calls of this kind that match fail, until {@link #heal}. It replaces the fault of the same call. */
    public void fail(Syscall call, Errno errno, Matcher which) {
        inject(call, which, (kernel, failed, arguments) -> -errno.number());
    }

    /** Puts an outcome of the test's own in place of calls that match. */
    public void inject(Syscall call, Matcher which, Outcome outcome) {
        faults.put(call, new Fault(which, outcome));
    }

    /** Lets calls of this kind through again. */
    public void heal(Syscall call) {
        faults.remove(call);
    }

    /** How often this call was made, faults included. */
    public synchronized long count(Syscall call) {
        return counts.getOrDefault(call, 0L);
    }

    private synchronized void counted(Syscall call) {
        counts.merge(call, 1L, Long::sum);
    }

    @Override
    public long call(Syscall call, long a, long b, long c, long d, long e, long f) {
        counted(call);
        Fault fault = faults.get(call);
        return fault != null && fault.which.matches(a, b, c)
                ? fault.outcome.answer(through, call, new long[] {a, b, c, d, e, f})
                : through.call(call, a, b, c, d, e, f);
    }
}
