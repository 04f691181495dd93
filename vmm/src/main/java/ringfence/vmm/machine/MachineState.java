package ringfence.vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.pci.Bar;
import ringfence.vmm.pci.PciAddress;
import ringfence.vmm.pci.PciFunction;
import ringfence.vmm.transport.VirtioPciFunction;

/**
 * What the machine's owner tells others: immutable, published whole. Where a device's registers are is the guest's to change,
 * so that is looked up when somebody asks.
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
     * A device that is in a slot.
     *
     * @param id its name
     * @param address where it is on PCI
     * @param function what is there
     * @param virtio the same of a virtio device; empty: it is none
     */
    public record DeviceEntry(String id, PciAddress address, PciFunction function, Optional<VirtioPciFunction> virtio) {
        /** A virtio device. */
        static DeviceEntry of(PciAddress address, VirtioPciFunction virtio) {
            return new DeviceEntry(virtio.device().id(), address, virtio.function(), Optional.of(virtio));
        }

        /** Its place as tools write it: segment, bus, slot and function. */
        public String bdf() {
            return address.toString();
        }

        /** Its BARs as they are now; those of one that has left its slot: none. Any thread. */
        public List<BarEntry> bars() {
            List<BarEntry> bars = new ArrayList<>();
            for (Bar bar : function.bars()) {
                long base = function.place(bar.index());
                if (base >= 0) {
                    bars.add(new BarEntry(bar.index(), base, bar.size(), bar.wide(), bar.prefetchable()));
                }
            }
            return bars;
        }

        /** Its memory as it is now: of a virtio device that has some. Any thread. */
        public Optional<RangeEntry> memory() {
            return virtio.flatMap(from -> {
                long base = from.windowPlace();
                return base < 0
                        ? Optional.empty()
                        : from.device()
                                .window()
                                .map(window ->
                                        new RangeEntry(base, window.memory().size()));
            });
        }
    }

    /**
     * A base address register.
     *
     * @param index 0 to 5
     * @param base where it is in guest addresses
     * @param size bytes
     * @param wide whether it has 64 bits
     * @param prefetchable whether it says so
     */
    public record BarEntry(int index, long base, long size, boolean wide, boolean prefetchable) {}

    /**
     * Guest addresses.
     *
     * @param base the first one
     * @param size bytes
     */
    public record RangeEntry(long base, long size) {}

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
