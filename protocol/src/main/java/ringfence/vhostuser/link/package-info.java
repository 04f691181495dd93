/**
 * vhost-user connections: the back-end server that every daemon builds on, and the front-end that the VMM, the tests and
 * the benchmarks build on.
 *
 * <h2>Theory of operation</h2>
 * <pre>
 *  Backend      one thread: accepts, reads messages, keeps the device's state (Session, VringState)
 *    └ QueueWorker   one per started queue: takes chains, runs the daemon's QueueEngine, records what is in flight,
 *                    completes, interrupts
 *  WorkerThread     an Agrona agent: serves one queue's worker, or those of several (Workers); sleeps on kicks, engines
 *                   and control
 *  BackendPool  one thread: accepts, gives each connection a device and a Backend of its own; a SocketLock says who may
 *  Frontend     no thread of its own: its one owner calls, every call ends at a deadline
 * </pre>
 * A queue runs while everything is there that it needs: memory, size, addresses, a kick (or the word that there is
 * none), and, where protocol features were negotiated, that it is enabled. Messages may bring these in any order, and
 * some queues may never get them. Whatever a running queue depends on (memory, addresses, kick, logging) changes by
 * stopping it, drained, and starting it again where it stood; only the call and error eventfds change on the fly.
 *
 * <p>Most engines are given each chain as it comes. A {@link ringfence.vhostuser.link.ReceiveEngine} takes chains when it
 * has something for them, may hold some, and gives them back to the ring when the queue stops; a descriptor of its own
 * ({@link ringfence.vhostuser.link.QueueEngine#source}) wakes its worker beside the kick.
 *
 * <h2>Trust</h2>
 * Both ends take the other for hostile. A message is checked by the codec, then against the order of things; a
 * descriptor by what it is: an eventfd, or memory that cannot shrink. What breaks a rule ends the connection, with one
 * line that says why, and every descriptor that came is closed. A front-end maps and reads nothing that it is given.
 *
 * <h2>What outlives a back-end</h2>
 * The inflight region ({@link ringfence.vhostuser.link.InflightRegion}): a sealed memfd that the back-end makes and the
 * front-end keeps. A successor takes the {@link ringfence.vhostuser.link.Fence}, reads it, and does again what was in
 * flight, in the order in which it was taken, before anything new.
 */
package ringfence.vhostuser.link;
