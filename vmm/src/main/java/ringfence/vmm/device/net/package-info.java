/**
 * The network device: packets at a back-end in another process, everything else here.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.vmm.device.net.NetDevice} is put together of two devices that a transport could drive alone: a
 * {@link ringfence.vmm.device.remote.RemoteDevice} with the queues of packets, 2N of them, and a
 * {@link ringfence.vmm.device.local.NetControl} with the control queue, which has a thread of its own. The
 * configuration space is the VMM's too, for back-ends of network devices need not have one:
 * {@link ringfence.vmm.device.net.NetSpace} holds what of it changes.
 *
 * <pre>
 *   driver ── queues 0 … 2N-1 ─────────► back-end (another process)
 *          ── queue 2N, or 2 without MQ ► NetControl ── pairs in use ──► link thread ── SET_VRING_ENABLE ──► back-end
 *          ── configuration space ──────► NetSpace  ◄── address, announcement
 * </pre>
 *
 * The guest is offered what the back-end has, and beside it what is served here; the back-end is told of what it has to
 * know. A command on the control queue is answered at once: what the back-end has to do follows, and if there is none at
 * the moment, its successor gets it. Where a successor takes over, its network may not know the guest yet: a driver that
 * can is asked to announce itself.
 *
 * <p>A back-end that dies loses packets as any network does; it keeps no record of those in flight. Its successor goes
 * on where the used rings end: what had been taken and not completed is sent again, and no buffer is lost.
 *
 * <p>Specification: virtio 1.3, 5.1.
 */
package ringfence.vmm.device.net;
