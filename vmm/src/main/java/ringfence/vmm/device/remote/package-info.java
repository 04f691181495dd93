/**
 * Devices whose back-end is another process: one vhost-user front-end for every type.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.vmm.device.remote.RemoteDevice} has a link thread, which alone talks to the back-end. It connects
 * when somebody is there, shakes hands, reads features and configuration; from then on the device is ready. What the
 * guest does (negotiates, starts and stops queues, resets) is posted to it as commands.
 *
 * <pre>
 *   CONNECTING ──► CONNECTED ──► LOST ──► RECONNECTING ──► CONNECTED ──► …
 *                                              └──► FAILED (who answers will not do; looks on, slowly)
 * </pre>
 *
 * What must survive a back-end is kept here: which features the guest took, which queues run from where, the inflight
 * region, and the eventfds, which are the transport's. A successor is let in only if the process before it is dead, or is
 * the same process (which serves one connection at a time); it must offer what the guest took and be of the same size.
 * It gets features, memory, the inflight region (and takes the fence), then the queues from the end of their used rings;
 * then each queue is kicked once and called once, for what the predecessor took from the bells and did not do.
 *
 * <p>Without an inflight region a queue is resumed only if nothing was in flight; otherwise the guest is asked for a reset.
 *
 * <h2>Back-ends that hang</h2>
 * A {@link ringfence.vmm.device.remote.HangWatch}, one thread for a whole VM, looks at each device's back-end. The {@code
 * Vigil} of a device goes by the heartbeat of a process that the {@link ringfence.vmm.device.remote.SocketSource} has started,
 * else by used indexes that stand still while requests wait. While one hangs, the device is LOST if it is about to be replaced,
 * else FAILED. To replace is to kill: the connection ends, and all goes on as after any death.
 *
 * <h2>Memory</h2>
 * After a loss the predecessor's I/O may still land in guest memory, until the successor holds the fence. So a reset by the
 * guest, while there is no back-end, ends only then: the status register shows 0 when it is true.
 *
 * <p>Specification: QEMU's docs/interop/vhost-user.rst.
 */
package ringfence.vmm.device.remote;
