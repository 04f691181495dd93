package ringfence.vmm.cli;

import java.util.List;
import ringfence.linux.Linux;
import ringfence.vmm.config.Problem;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.machine.Admission;

/** What this host admits. */
record HostAdmission(Linux linux) implements Admission {
    @Override
    public VmConfig complete(VmConfig config) {
        return config.addressed(() -> HostRandom.bits(linux));
    }

    @Override
    public List<Problem> problems(VmConfig config) {
        return config.problems(HostChecks.limits(linux));
    }

    @Override
    public List<Problem> problemsHere(VmConfig config) {
        return HostChecks.ofParts(linux, config);
    }
}
