package ringfence.virtio.queue;

/** A queue cannot start, or its device has broken the rules towards the driver side. */
public final class QueueException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient QueueFault fault;

    QueueException(QueueFault fault, String where) {
        super(fault + ", " + where);
        this.fault = fault;
    }

    /** Why. */
    public QueueFault fault() {
        return fault;
    }
}
