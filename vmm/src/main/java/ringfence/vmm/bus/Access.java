package ringfence.vmm.bus;

/**
 * How a register access went. The value of a read travels in the {@link ReadValue}, except for a {@link Deferred} one,
 * whose value is what {@link Deferred#await()} returns.
 */
public sealed interface Access permits Done, Rejected, Deferred {}
