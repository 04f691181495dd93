/**
 * Descriptors that outlive a daemon: a shared folder's state file and files of the guest whose last name is gone, the queues
 * of a tap. All of them would die with the last process that has them open.
 *
 * <pre>
 *   daemon  -- FDSTORE=1 FDNAME=state [fd] -->  $NOTIFY_SOCKET   supervisor: systemd, or the VMM
 *     x  killed                                                    |
 *   successor  &lt;-- 3, 4, ...  LISTEN_FDS LISTEN_FDNAMES LISTEN_PID --'
 * </pre>
 *
 * <p>A successor that has been started before its predecessor died, a {@link ringfence.keep.Standby}, gets them over a socket
 * ({@link ringfence.keep.Successor}).
 *
 * <p>{@link ringfence.keep.Keeper} is the way out, {@link ringfence.keep.KeptDescriptors} the way in. The protocol is
 * that of sd_notify(3) and sd_listen_fds(3). A descriptor is sent before what depends on it is done: one that was kept for
 * nothing is dropped by the successor, one that was not kept is lost.
 */
package ringfence.keep;
