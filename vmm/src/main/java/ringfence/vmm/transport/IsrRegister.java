package ringfence.vmm.transport;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;

/** The interrupt status byte (virtio 1.3, 4.1.4.5): reading it clears it. There is no INTx that it would take back. */
record IsrRegister(DriverState state) implements BusDevice {
    @Override
    public Access read(long offset, int width, ReadValue into) {
        return into.done(state.takeIsr());
    }

    @Override
    public Access write(long offset, int width, long value) {
        return Done.DONE;
    }
}
