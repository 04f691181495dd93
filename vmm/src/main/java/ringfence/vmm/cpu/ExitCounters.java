package ringfence.vmm.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import ringfence.vmm.kvm.ExitReason;

/** How often a vCPU has left the guest, by reason. Counted by its thread alone; any thread may read, without a lock. */
public final class ExitCounters {
    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] counts = new long[ExitReason.values().length];

    /** One more, by the vCPU's thread. */
    void count(ExitReason reason) {
        // one writer, and a KVM_RUN after each: a plain store does, and costs the interpreter a twentieth of an opaque
        // one
        counts[reason.ordinal()]++;
    }

    /** How often for this reason. */
    public long of(ExitReason reason) {
        return (long) COUNT.getOpaque(counts, reason.ordinal());
    }

    /** How often in all, kicks included. */
    public long total() {
        long total = 0;
        for (ExitReason reason : ExitReason.values()) {
            total += of(reason);
        }
        return total;
    }
}
