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

    /** Whether anybody listens: what would have to be made for an event need not be made else. */
    boolean isOpen();

    /** Something has happened, now. */
    void tell(Event event);
}
