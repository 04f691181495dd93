package ringfence.vmm.machine;

import java.util.List;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.pci.PciAddress;

/**
 * What the machine's owner tells others: immutable, published whole.
 *
 * @param config what the machine is made of
 * @param status where its life stands
 * @param boots how often the guest has started
 * @param devices its devices, in the order of their slots
 */
public record MachineState(VmConfig config, MachineStatus status, int boots, List<DeviceEntry> devices) {
    /** An immutable state. */
    public MachineState {
        devices = List.copyOf(devices);
    }

    /**
     * A device.
     *
     * @param id its name
     * @param address where it is on PCI
     */
    public record DeviceEntry(String id, PciAddress address) {
        /** Its place as tools write it: segment, bus, slot and function. */
        public String bdf() {
            return address.toString();
        }
    }

    static MachineState of(VmConfig config) {
        return new MachineState(config, MachineStatus.CREATED, 0, List.of());
    }

    MachineState with(MachineStatus next) {
        return new MachineState(config, next, boots, devices);
    }

    MachineState with(VmConfig next) {
        return new MachineState(next, status, boots, devices);
    }

    MachineState booted() {
        return new MachineState(config, MachineStatus.RUNNING, boots + 1, devices);
    }

    MachineState with(List<DeviceEntry> next) {
        return new MachineState(config, status, boots, next);
    }
}
