package ringfence.vmm.machine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import ringfence.linux.Fd;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.VmConfig;

/**
 * Descriptors that clients have handed over for devices. Each lives as long as the configuration names its number: over
 * reboots and boots, until its device or its VM is taken away. The owner's only.
 */
final class HandedDescriptors {
    private final List<Fd> held = new ArrayList<>();

    /** Takes over descriptors that the configuration names from now on. */
    void add(List<Fd> fds) {
        held.addAll(fds);
    }

    /** Closes those that are named no more. @param config null: there is no VM */
    void keepFor(VmConfig config) {
        Set<Integer> named = new HashSet<>();
        if (config != null) {
            config.nets().forEach(net -> {
                if (net.backend() instanceof NetBackend.Descriptors(List<Integer> fds)) {
                    named.addAll(fds);
                }
            });
        }
        held.removeIf(fd -> {
            boolean over = !named.contains(fd.number());
            if (over) {
                fd.close();
            }
            return over;
        });
    }
}
