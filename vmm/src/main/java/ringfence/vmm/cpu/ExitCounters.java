package ringfence.vmm.cpu;

import java.util.Locale;
import java.util.stream.Stream;
import org.agrona.concurrent.status.AtomicCounter;
import ringfence.telemetry.CounterType;
import ringfence.telemetry.Counters;
import ringfence.vmm.kvm.ExitReason;

/** How often a vCPU has left the guest, by reason. Counted by its thread alone; any thread may read, without a lock. */
public final class ExitCounters {
    private static final int FIRST_ID = 500;

    private final AtomicCounter[] counts;

    /** All of them; 0, unless this vCPU has counted there before. */
    public ExitCounters(Counters source, int cpu) {
        counts = Stream.of(ExitReason.values())
                .map(reason -> source.counter(type(reason), "vcpu" + cpu, cpu))
                .toArray(AtomicCounter[]::new);
    }

    private static CounterType type(ExitReason reason) {
        return new CounterType(
                FIRST_ID + reason.ordinal(),
                "exits/" + reason.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                "times that a vCPU has left the guest, by reason");
    }

    /** How many counters a vCPU has. */
    public static int count() {
        return ExitReason.values().length;
    }

    /** One more, by the vCPU's thread. */
    void count(ExitReason reason) {
        // one writer, and a KVM_RUN after each: a plain store does, and costs the interpreter least
        counts[reason.ordinal()].incrementPlain();
    }

    /** How often for this reason. */
    public long of(ExitReason reason) {
        return counts[reason.ordinal()].getOpaque();
    }

    /** How often in all, kicks included. */
    public long total() {
        return Stream.of(ExitReason.values()).mapToLong(this::of).sum();
    }
}
