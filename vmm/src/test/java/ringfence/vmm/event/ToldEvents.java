package ringfence.vmm.event;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what it is told, in that order. Any thread. */
public record ToldEvents(List<Event> told) implements EventSink {
    /** None so far. */
    public ToldEvents() {
        this(new CopyOnWriteArrayList<>());
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void tell(Event event) {
        told.add(event);
    }
}
