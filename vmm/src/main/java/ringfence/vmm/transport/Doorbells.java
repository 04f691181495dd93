package ringfence.vmm.transport;

import ringfence.linux.EventFd;

/** The machine's way of kicks: a guest's write to an address signals an eventfd, and no exit reaches us. Any thread. */
public interface Doorbells {
    /** From now on a write of this width to the address signals the event. */
    void assign(EventFd kick, long guestAddress, int width);

    /** Undoes {@link #assign}. */
    void deassign(EventFd kick, long guestAddress, int width);
}
