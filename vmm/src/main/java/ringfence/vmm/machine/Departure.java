package ringfence.vmm.machine;

/**
 * A device on its way out of a machine that runs. Its end may take as long as its daemon's, so it has a thread of its own.
 *
 * @param id its name, which stays taken until all of it is gone
 * @param device what is to be closed
 * @param then what the owner does when it is gone
 */
record Departure(String id, AutoCloseable device, Runnable then) {}
