package ringfence.vmm.machine;

import ringfence.process.BadInputException;
import ringfence.process.FailureException;
import ringfence.vmm.boot.BootException;
import ringfence.vmm.kvm.KvmException;
import ringfence.vmm.plan.PlanException;

/** What a part below says when it cannot be had, as the programs understand it. */
public final class Refusal {
    private Refusal() {}

    /**
     * A kernel, a plan or a KVM that cannot be used is bad input, a KVM request that failed is a failure; all else is what
     * it was.
     */
    public static RuntimeException of(RuntimeException e) {
        boolean asked = e instanceof BootException
                || e instanceof PlanException
                || e instanceof KvmException kvm && kvm.reason() != KvmException.Reason.FAILED;
        if (asked) {
            return new BadInputException(e.getMessage(), e);
        }
        return e instanceof KvmException ? new FailureException(e.getMessage(), e) : e;
    }
}
