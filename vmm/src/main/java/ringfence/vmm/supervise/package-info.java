/**
 * Device daemons that the VMM starts itself.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.vmm.supervise.SupervisedDaemon} is a source of connected sockets for a vhost-user front-end: each
 * time that one is asked for, it makes sure that the process before is dead (killed, and its pidfd readable), starts a
 * new one with one end of a fresh socket pair as {@code --fd=3}, and answers with the other end. So a connection and a
 * process have the same life: the end of the one is seen as the end of the other, by both sides, and a daemon never
 * outlives its VMM. Nobody polls, and no socket lies in a directory. A {@link ringfence.vmm.supervise.Companion}, such as
 * passt, is tied to its daemon by a socket pair in the same way.
 *
 * <p>What must survive a daemon lies with the front-end (guest memory, inflight region, kick and call descriptors); the
 * fence, a lock file in the {@link ringfence.vmm.supervise.RuntimeDirectory}, keeps a successor from the inflight region
 * until the kernel has ended the last request of its predecessor.
 *
 * <h2>A standby</h2>
 * Where one is asked for, the next process ({@link ringfence.vmm.supervise.DaemonProcess}) is started some time after the
 * present one, warms up, and waits, holding nothing that the present one must have alone. At that one's death it is told to
 * begin ({@link ringfence.keep.Successor}); one that does not answer is killed, and the next is started as without it.
 *
 * <h2>What a daemon leaves to its successor</h2>
 * A shared folder's daemon has open what its guest has open, among it files whose last name is gone. With a {@link
 * ringfence.vmm.supervise.DescriptorStore} it gives duplicates away before it depends on them, by sd_notify(3)'s
 * {@code FDSTORE=1}, and its successor is started with them as from systemd:
 * <pre>
 *   daemon ── FDSTORE=1, FDNAME=node-2a, descriptor ──► store (a datagram socket in the runtime directory)
 *   daemon is killed; what it sent before is still in the socket: heard first
 *   successor ◄── numbers 3, 4, …: LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID; then its --fd
 * </pre>
 * The daemon is not trusted: the store hears its own child only, keeps a bounded number under harmless names, looks into
 * nothing, and closes what it does not keep on a thread that nobody waits for.
 *
 * <h2>A daemon that VMs share</h2>
 * The switch of {@code --net switch=NAME} belongs to no VM. It listens at a path that all VMs of the user derive from the
 * name, and holds a {@link ringfence.vhostuser.link.SocketLock} beside that for as long as it lives. A VMM
 * ({@link ringfence.vmm.supervise.SharedDaemon}) connects; where nobody listens it tries the lock:
 * <pre>
 *   connect ──► served
 *      │ nobody listens
 *      ▼
 *   lock ──► taken: a daemon lives there, or is being born: connect again, soon
 *      │ ours: no daemon lives there
 *      ▼
 *   start one that inherits the lock, in a session of its own ──► let go of our lock ──► connect again, soon
 * </pre>
 * So any number of VMMs that find it dead start one successor, and the socket file that was left is replaced by the one
 * process that holds the lock. It ends by itself when it has been unused for a while.
 */
package ringfence.vmm.supervise;
