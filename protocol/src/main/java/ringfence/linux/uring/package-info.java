/**
 * io_uring(7), through the system calls themselves.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.linux.uring.Ring} is two queues in memory that the kernel shares: entries go in by the submission
 * queue, results come out by the completion queue. One thread owns a ring: the one that first submits. It prepares
 * operations ({@code ring.read(file, memory, ...)}, false where the queue is full), hands all of them over with one
 * call ({@code submit}), and takes results with {@code reap}, which calls a handler for each and allocates nothing.
 *
 * <h2>Who writes what</h2>
 * <pre>
 *   submission  entries, tail : we        head, flags : kernel
 *   completion  head          : we        entries, tail : kernel
 * </pre>
 * Only head, tail and flags are written on one side and read on the other, so only they are read with acquire and
 * written with release; all else is plain, and ordered by them. The kernel's side uses smp_load_acquire and
 * smp_store_release on the same words (io_uring/io_uring.c).
 *
 * <h2>What kernels differ in</h2>
 * {@link ringfence.linux.uring.RingAbilities} is probed once per process and passed by constructors. With
 * SINGLE_ISSUER and DEFER_TASKRUN (Linux 6.1) completions are worked out in our own {@code reap} instead of by
 * interrupting us; older kernels do without. Where io_uring is refused altogether (a sysctl, a seccomp filter, an old
 * kernel) {@link ringfence.linux.uring.RingRefusedException} says why, and the caller takes plain calls.
 *
 * <h2>After our death</h2>
 * Requests outlive the process: a ring goes away only when its last request has ended. A lock file that is installed
 * as a fixed file goes away with it, so that a successor which waits for the lock cannot be overtaken.
 */
package ringfence.linux.uring;
