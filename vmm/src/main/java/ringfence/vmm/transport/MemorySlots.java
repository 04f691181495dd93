package ringfence.vmm.transport;

import ringfence.linux.Mapping;

/** The machine's way of memory that its guest uses without an exit, beside RAM. For the machine's owner. */
public interface MemorySlots {
    /** The guest sees this memory there from now on. It stays mapped at least until {@link #unmap}. */
    void map(long guestAddress, Mapping memory);

    /** Undoes {@link #map}. When it returns, the guest does not touch the memory any more. */
    void unmap(long guestAddress);
}
