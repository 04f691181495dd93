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
 */
package ringfence.vmm.supervise;
