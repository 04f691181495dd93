/**
 * The contract of a virtio device with its transport.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.vmm.device.VirtioDevice} offers features and a configuration space, and has queues which start from
 * a {@code QueueState} and stop to one. It is the shape of vhost-user's SET_VRING_BASE and GET_VRING_BASE, of queue
 * reset, pause, snapshot and reconnect; local devices have it too, so a transport cannot tell them apart.
 *
 * <p>Nothing here blocks. A vCPU thread that needs the outcome of a stage waits for it with a deadline, see {@code
 * ringfence.vmm.bus.Deferred}.
 *
 * <p>Specification: virtio 1.3, chapters 2 and 3.
 */
package ringfence.vmm.device;
