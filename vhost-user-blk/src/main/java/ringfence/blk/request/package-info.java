/**
 * What a driver asks of a block device: the bytes of a chain, turned into a checked request. No I/O happens here.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.blk.request.BlkRequest#parse} reads the 16 bytes of header (and, for discard and write-zeroes, the
 * 16 bytes of range) out of guest memory, each byte once, and checks everything that can be checked without the disk
 * against {@link ringfence.blk.request.BlkLimits}: direction of the buffers, whole sectors, range within the capacity
 * without overflow, read-only, negotiated features. What is left to the engine is either an
 * {@link ringfence.blk.request.Operation} on a byte range that surely lies inside the image, or a final status.
 *
 * <p>The guest may frame a request as it likes (virtio 1.3, 2.7.4): the header may lie in sixteen buffers, the status
 * byte at the end of the last data buffer. The status byte is the last device-writable byte of the chain; data for the
 * device is what follows the header, data for the driver is what precedes the status byte.
 *
 * <p>Specification: virtio 1.3, 5.2.6. Owner: a {@code BlkRequest} belongs to one queue's worker and is reused.
 */
package ringfence.blk.request;
