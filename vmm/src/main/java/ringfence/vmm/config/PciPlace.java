package ringfence.vmm.config;

import java.util.List;
import java.util.OptionalInt;

/** Rules of where a device may sit on PCI, the same for every device. */
final class PciPlace {
    private PciPlace() {}

    /** Adds what is wrong with a place. */
    static void check(int segment, OptionalInt device, List<Problem> problems) {
        if (segment != 0) {
            problems.add(new Problem("pci_segment", segment + " is not supported yet, only segment 0"));
        }
        if (device.isPresent() && device.getAsInt() == 0) {
            problems.add(new Problem("pci_device_id", "0 is the host bridge on segment 0: give 1 to 31"));
        }
    }
}
