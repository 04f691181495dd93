package ringfence.vmm.transport;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.device.VirtioDevice;

/** The device's own configuration space, in the BAR (virtio 1.3, 4.1.4.6). */
final class DeviceConfig implements BusDevice {
    private final VirtioDevice device;
    private final DriverState state;
    private final Readiness readiness;

    DeviceConfig(VirtioDevice device, DriverState state, Readiness readiness) {
        this.device = device;
        this.state = state;
        this.readiness = readiness;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        state.configRead();
        return readiness.read(() -> device.readConfig((int) offset, width), into);
    }

    @Override
    public Access write(long offset, int width, long value) {
        if (device.isReady() && offset + width <= device.configSize()) {
            device.writeConfig((int) offset, width, value);
        }
        return Done.DONE;
    }
}
