package ringfence.vmm.transport;

import ringfence.linux.EventFd;

/**
 * Something that interrupts: a queue, or the device's configuration. It has one eventfd for its whole life and is mapped
 * to a vector of {@link Msix}, or to none. Its fields are guarded by that object's monitor.
 */
final class InterruptSource {
    final EventFd event;
    int vector = Msix.NO_VECTOR;
    /** Whether the event raises the vector's GSI by itself. */
    boolean assigned;
    /** Signalled while it was not: the vector's pending bit. */
    boolean pending;

    InterruptSource(EventFd event) {
        this.event = event;
    }

    /** Takes what was signalled while nobody was assigned. */
    void gather() {
        pending |= event.drain() > 0;
    }
}
