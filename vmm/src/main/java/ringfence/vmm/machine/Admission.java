package ringfence.vmm.machine;

import java.util.List;
import ringfence.vmm.config.Problem;
import ringfence.vmm.config.VmConfig;

/** What has to hold before a VM is made of a configuration. */
public interface Admission {
    /** The same with all that the user leaves to us, such as addresses of network devices. */
    VmConfig complete(VmConfig config);

    /** What is wrong with it in itself. */
    List<Problem> problems(VmConfig config);

    /** What is wrong with it on this host, now: files, folders, sockets. */
    List<Problem> problemsHere(VmConfig config);
}
