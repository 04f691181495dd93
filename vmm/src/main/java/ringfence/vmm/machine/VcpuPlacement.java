package ringfence.vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;
import ringfence.process.BadInputException;
import ringfence.process.FailureException;
import ringfence.process.Log;
import ringfence.vmm.config.Affinity;
import ringfence.vmm.config.CpusConfig;
import ringfence.vmm.cpu.CpuFault;
import ringfence.vmm.cpu.VcpuEvents;
import ringfence.vmm.cpu.VcpuThread;

/**
 * Where the vCPUs of one boot run, and who may run beside them on the hyperthreads of a core. Each thread sees to it itself,
 * before it enters the guest; one that fails does not enter it.
 */
final class VcpuPlacement {
    private static final Log LOG = Log.of("machine");

    private final Linux linux;
    private final List<Affinity> affinity;
    private final CpusConfig.CoreScheduling scheduling;
    private int leader; // a thread that has the cookie of all, 0: none yet; guarded by this

    VcpuPlacement(Linux linux, CpusConfig cpus) {
        this.linux = linux;
        affinity = cpus.affinity();
        scheduling = cpus.coreScheduling();
    }

    /**
     * Starts the threads, and waits for each that is bound to CPUs.
     *
     * @param events told what is wrong with one that nobody waits for
     * @throws BadInputException there are no such CPUs; the threads are to be stopped then
     */
    void start(List<VcpuThread> threads, VcpuEvents events) {
        List<CompletableFuture<?>> bound = new ArrayList<>();
        for (VcpuThread thread : threads) {
            List<Integer> cpus = cpus(thread.cpu());
            if (!cpus.isEmpty()) {
                bound.add(thread.call(_ -> bind(thread, cpus)));
            }
            if (scheduling != CpusConfig.CoreScheduling.OFF) {
                CompletableFuture<?> _ = thread.call(_ -> separate(thread, events));
            }
            thread.start();
        }
        try {
            bound.forEach(CompletableFuture::join);
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException why ? why : e;
        }
    }

    private List<Integer> cpus(int vcpu) {
        List<Integer> cpus = new ArrayList<>();
        for (Affinity pin : affinity) {
            if (pin.index() == vcpu) {
                cpus.addAll(pin.hostCpus());
            }
        }
        return cpus;
    }

    private VcpuThread bind(VcpuThread thread, List<Integer> cpus) {
        try {
            linux.processes().runOn(cpus);
            return thread;
        } catch (ErrnoException e) {
            thread.stop();
            throw e.errno() == Errno.EINVAL
                    ? new BadInputException("--cpus affinity: this process has none of the CPUs " + cpus + " of vCPU "
                            + thread.cpu() + ": see Cpus_allowed_list in /proc/self/status")
                    : new FailureException("--cpus affinity: vCPU " + thread.cpu() + ": " + e.getMessage(), e);
        }
    }

    private VcpuThread separate(VcpuThread thread, VcpuEvents events) {
        try {
            if (!takeCookie()) {
                LOG.debug(() -> "--cpus core_scheduling: no hyperthreads here, or a kernel without CONFIG_SCHED_CORE");
            }
        } catch (ErrnoException e) {
            thread.stop();
            events.fault(new CpuFault.Broken(
                    thread.cpu(), "--cpus core_scheduling: " + e.getMessage() + "; off does without"));
        }
        return thread;
    }

    /** For the calling thread. @return whether there are any */
    private boolean takeCookie() {
        return scheduling == CpusConfig.CoreScheduling.VCPU ? linux.processes().newCoreCookie() : shareCookie();
    }

    private synchronized boolean shareCookie() {
        if (leader != 0) {
            try {
                return linux.processes().shareCoreCookie(leader);
            } catch (ErrnoException e) {
                if (e.errno() != Errno.ESRCH) {
                    throw e;
                }
                // it was stopped meanwhile, and so are the others
            }
        }
        boolean made = linux.processes().newCoreCookie();
        leader = linux.processes().threadId();
        return made;
    }
}
