/**
 * The virtio devices that live in the VMM: randomness, the console, sockets to the host, the watchdog, the balloon,
 * persistent memory. They
 * move little data and hold nothing that could be lost, or are about what is the VMM's anyway, such as the guest's memory;
 * so a process of their own would buy nothing.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.vmm.device.local.LocalDevice} has a thread of its own, started with its first queue, which owns the
 * queues: others post it work and wake it by an eventfd; guests wake it by the queues' kicks. It serves a bounded number
 * of chains before it looks at the next queue, so no queue starves another. A malformed ring stops that queue and asks
 * the guest for a reset; the VMM goes on.
 *
 * <p>Specification: virtio 1.3, 5.3 (console), 5.4 (entropy), 5.5 (balloon), 5.10 (socket) and 5.19 (persistent
 * memory).
 */
package ringfence.vmm.device.local;
