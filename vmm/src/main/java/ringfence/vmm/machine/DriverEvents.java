package ringfence.vmm.machine;

import ringfence.vmm.event.Event;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.transport.DriverListener;

/** Tells what a guest's driver does with a device. The guest's own threads do so: the events are made before. */
record DriverEvents(Event whenActivated, Event whenReset, EventSink events) implements DriverListener {
    DriverEvents(String device, EventSink events) {
        this(new Event.DeviceActivated(device), new Event.DeviceReset(device), events);
    }

    @Override
    public void activated() {
        events.tell(whenActivated);
    }

    @Override
    public void reset() {
        events.tell(whenReset);
    }
}
