/**
 * A FUSE client without a kernel: the front-end of a vhost-user-fs socket and typed requests.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.it.fuse.FuseGuest} is a guest without a machine: memory, a high-priority queue and request queues, of
 * slots. A slot has room for one request, its reply and its data; chains are cut as Linux cuts them: header, arguments,
 * then a descriptor per page. {@link ringfence.it.fuse.FuseRequest} writes a request into a slot;
 * {@link ringfence.it.fuse.FuseSession} sends one at a time and waits, and the families on top of it
 * ({@link ringfence.it.fuse.Names}, {@link ringfence.it.fuse.OpenFiles}, {@link ringfence.it.fuse.Attributes},
 * {@link ringfence.it.fuse.Directories}) give the operations types. An error of the file system is a
 * {@link ringfence.it.fuse.FuseException}.
 *
 * <p>Nothing here uses the daemon's own encoding: layouts and numbers come from the kernel's interface (linux/fuse.h)
 * once more, so that a mistake in either is found by the other.
 *
 * <p>{@link ringfence.it.fuse.FsDaemon} starts a daemon, ours or virtiofsd; they take the same tests. The guest outlives
 * a daemon that is killed: while it waits for a reply it notices the end, has a successor started and goes on.
 */
package ringfence.it.fuse;
