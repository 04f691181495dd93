package ringfence.vmm.transport;

import ringfence.linux.EventFd;

/**
 * The machine's way of message-signalled interrupts: global interrupts (GSIs), each with a message, and eventfds that
 * raise them without anybody's help. Any thread; calls take short system calls and never wait.
 */
public interface MsiRouter {
    /** Takes a free GSI; -1 if there is none. */
    int allocate();

    /** Gives a GSI back; no event is assigned to it. */
    void free(int gsi);

    /** Says which message the GSI is from the next {@link #commit} on. */
    void route(int gsi, long address, int data);

    /** Puts all routes said so far in force, at once. */
    void commit();

    /** From now on a signal on the event raises the GSI; one that is there already does, too. */
    void assign(EventFd event, int gsi);

    /** From now on a signal on the event stays there. All signals before have raised the GSI. */
    void deassign(EventFd event, int gsi);

    /** Delivers a message now. */
    void inject(long address, int data);
}
