/**
 * The image behind a block device: opening it, and keeping others away from it.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.blk.image.ImageOpener} opens a raw file or a block device and finds out, once, what it is and how
 * it wants to be read and written ({@link ringfence.blk.image.Image}). The format is never guessed from the contents,
 * which a guest may have written.
 *
 * <p>Two locks, with two purposes:
 * <ul>
 *   <li>{@link ringfence.blk.image.ImageLock} is <i>exclusion</i>: no two writers, no writer beside a reader, as many
 *       readers as you like. It speaks the byte ranges of QEMU and respects those of Cloud Hypervisor.
 *   <li>{@link ringfence.blk.image.Fence} is <i>succession</i>: a lock file per device, registered in every io_uring
 *       that this daemon makes, so that it stays locked until the last request of a killed daemon has ended. Who takes
 *       over holds it before he reads the inflight region.
 * </ul>
 * {@link ringfence.process.LockHolders} names the process that stands in the way.
 *
 * <p>All of this happens at start, on one thread. Errors are {@link ringfence.blk.image.ImageException}: one line for
 * the user.
 */
package ringfence.blk.image;
