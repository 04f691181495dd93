package ringfence.vmm.machine;

import ringfence.vmm.event.Event;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.transport.DriverListener;

/** Tells what a guest's driver does with a device. */
record DriverEvents(String device, EventSink events) implements DriverListener {
    @Override
    public void activated() {
        events.tell(new Event.DeviceActivated(device));
    }

    @Override
    public void reset() {
        events.tell(new Event.DeviceReset(device));
    }
}
