package ringfence.vmm.observe;

import java.util.ArrayList;
import java.util.List;

/** {@code ringfence top}: a line of totals, one of headings, one of each VM, and below it one of each of its devices. */
final class ActivityTable {
    private ActivityTable() {}

    static List<String> lines(List<Activity.OfVm> vms) {
        Columns columns =
                new Columns().row("PID", "STATE", "EXITS/S", "OPS/S", "BYTES/S", "LATENCY", "RESIDENT", "VM, DEVICE");
        for (Activity.OfVm vm : vms) {
            Activity total = vm.total();
            columns.row(cells(total, Amount.count(total.exits()), total.name().isEmpty() ? "-" : total.name()));
            vm.devices().forEach(device -> columns.row(cells(device, "", "  " + device.name())));
        }
        List<String> lines = new ArrayList<>();
        lines.add(vms.size() + (vms.size() == 1 ? " VM, " : " VMs, ")
                + Amount.count(
                        vms.stream().mapToDouble(vm -> vm.total().exits()).sum()) + " exits/s, "
                + Amount.count(
                        vms.stream().mapToDouble(vm -> vm.total().operations()).sum()) + " ops/s, "
                + Amount.bytes(
                        vms.stream().mapToDouble(vm -> vm.total().bytes()).sum()) + " bytes/s");
        lines.addAll(columns.lines());
        return lines;
    }

    private static String[] cells(Activity activity, String exits, String name) {
        return new String[] {
            activity.pid() == 0 ? "-" : Long.toString(activity.pid()),
            activity.state(),
            exits,
            Amount.count(activity.operations()),
            Amount.bytes(activity.bytes()),
            Amount.time(activity.latencyNanos()),
            Amount.bytes(activity.resident()),
            name
        };
    }
}
