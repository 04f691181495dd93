/**
 * The operations of a share, the engine of its queues, the device.
 *
 * <h2>Theory of operation</h2>
 * <pre>
 *  FsDevice     one for the daemon: features, configuration space, a FsEngine per queue, reset
 *  FsEngine     one per queue, on its worker: reads a request, has it done, sends the reply; one at a time
 *  Call         one per queue: the request, its reply, what it uses, scratch memory; all reused
 *  Operations   the switch over opcodes; one class per family behind it, free of state, shared by the queues
 *  Share        what all of them need: system calls, state, tree, keeper, options
 * </pre>
 * An operation answers 0 with its reply laid out in the call, or minus an errno. What the guest's counts depend on is changed
 * in one {@code fs.state} transaction together with the record that the request is done, so that a successor neither repeats
 * nor forgets it.
 *
 * <h2>Requests that cannot be repeated</h2>
 * A request that changes a name is noted before its effect ({@code intend}), with what its names stood for then. A successor
 * that finds it so looks what they stand for now: where the effect can be seen, it was done by us. Another user of the host
 * who makes or removes the same name in that moment makes the two indistinguishable; the guest is then told that it was done.
 *
 * <p>A reply that is too long for the log, such as one of READDIRPLUS, is put into the guest's buffers before the transaction:
 * they are the guest's only when the chain is completed, so a successor finds it there.
 *
 * <h2>Locks</h2>
 * Where the options say so, locks are the host's ({@code LockOps}): of an open file per owner, file and kind ({@code
 * fs.tree.LockFiles}), noted in the state, so that a successor takes them again before it serves ({@code HostLocks}). One that
 * must wait is kept aside ({@code Waiting}), its chain in flight; a queue that stops leaves it to the next one.
 *
 * <h2>For whom</h2>
 * A privileged daemon makes files as the guest's user and group ({@code Caller}), but keeps the privilege to reach them: the
 * guest's kernel has checked that already. Any other daemon's files are its user's.
 */
package ringfence.fs.share;
