package ringfence.vmm.event;

/** Who is told of events. Any thread may tell; it neither waits nor fails. */
public interface EventSink {
    /** Nobody listens. */
    EventSink NONE = new EventSink() {
        @Override
        public boolean isOpen() {
            return false;
        }

        @Override
        public void tell(Event event) {
            // nobody listens
        }
    };

    /** Both of them are told, this one first. */
    default EventSink and(EventSink other) {
        EventSink first = this;
        return new EventSink() {
            @Override
            public boolean isOpen() {
                return first.isOpen() || other.isOpen();
            }

            @Override
            public void tell(Event event) {
                first.tell(event);
                other.tell(event);
            }
        };
    }

    /** Whether anybody listens: what would have to be made for an event need not be made else. */
    boolean isOpen();

    /** Something has happened, now. */
    void tell(Event event);
}
