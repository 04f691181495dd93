/**
 * The block device as a vhost-user back-end serves it.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.blk.engine.BlkDevice} is one device: an image, a configuration space, the negotiated features. For
 * each queue that starts it makes an engine, which belongs to that queue's worker:
 * <ul>
 *   <li>{@link ringfence.blk.engine.PlainEngine} answers each request inside {@code submit} by plain system calls. What
 *       lies in memory is had fastest that way.
 *   <li>{@link ringfence.blk.engine.UringEngine} hands requests to io_uring and completes them as they end; through the
 *       page cache it first tries whether a read is answered at once.
 * </ul>
 * {@link ringfence.blk.engine.EngineChoice} decides between them once, by what the image is.
 *
 * <p>The guest's own pages are the buffers; nothing is copied or allocated per request. A disk's errors become the
 * status of the one request that met them.
 *
 * <h2>Flushes</h2>
 * When fdatasync fails, the kernel has dropped what it could not write, and the next fdatasync would succeed. So a
 * failed flush stays failed ({@link ringfence.blk.engine.FlushState}) until the driver resets the device, also across
 * the daemon's death: the state is stored beside the inflight region before the status byte.
 */
package ringfence.blk.engine;
