package ringfence.vmm.cli;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import ringfence.process.BadInputException;

/**
 * Cloud Hypervisor's flags whose capability is still to come: what there is not, and what may be done instead. Only looked
 * at when a command line could not be read quickly.
 */
final class LaterFlags {
    private LaterFlags() {}

    /** @throws BadInputException a line for each of them that is among the words */
    static void refuse(List<String> words) {
        Set<String> lines = new LinkedHashSet<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            String flag = equals < 0 ? word : word.substring(0, equals);
            String missing = missing(flag);
            if (!missing.isEmpty()) {
                lines.add(flag + " is not supported yet: " + missing);
            }
        }
        if (!lines.isEmpty()) {
            throw new BadInputException(List.copyOf(lines));
        }
    }

    private static String missing(String flag) {
        return switch (flag) {
            case "--firmware" -> "there is no firmware: give a kernel with --kernel";
            case "--igvm" -> "there are no confidential VMs: give a kernel with --kernel";
            case "--host-data" -> "there are no confidential VMs: leave it out";
            case "--sgx-epc" -> "there is no SGX: leave it out";
            case "--fw-cfg-config" -> "there is no fw_cfg device: leave it out";
            case "--memory-zone" -> "memory has no zones: give all of it with --memory size=SIZE";
            case "--numa" -> "the guest has no NUMA nodes: leave it out";
            case "--device" -> "there is no VFIO: use --disk or --net";
            case "--user-device" -> "there is no vfio-user: use --generic-vhost-user";
            case "--vdpa" -> "there is no vDPA: use --disk or --net";
            case "--rtc" -> "there is no virtio clock: leave it out, Linux guests have kvm-clock";
            case "--tpm" -> "there is no TPM: leave it out";
            case "--ivshmem" -> "VMs share no memory: use --vsock, or --net switch=NAME";
            case "--pvmemcontrol" -> "leave it out, and see --balloon";
            case "--rate-limit-group" -> "devices share no limits: give each --net its own, bw_size= and so on";
            case "--restore" -> "there are no snapshots: boot the VM anew";
            case "--gdb" -> "no debugger can attach to the guest: leave it out";
            case "--dbus-service-name", "--dbus-object-path", "--dbus-system-bus" ->
                "there is no D-Bus: leave it out, and use --api-socket";
            default -> "";
        };
    }
}
