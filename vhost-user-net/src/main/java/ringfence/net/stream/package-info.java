/**
 * User-mode networking: a guest's frames go to passt, which makes ordinary sockets of them, so that nobody needs a
 * privilege.
 *
 * <h2>Theory of operation</h2>
 * passt listens on a Unix stream socket; a frame is four bytes of length, the highest first, and the frame.
 * {@link ringfence.net.stream.PasstNetwork} connects when the program starts, and shares the connection between one pair
 * of queues: {@code StreamSink} writes, straight from the guest's pages, and {@code StreamReceiver} reads into
 * memory of ours, many frames at a time, and copies each into the guest's buffers.
 *
 * <p>The stream has no room for a header of virtio, so checksums cannot be left open and segments cannot be large: none of
 * those features is offered. A frame may have 64 KiB all the same, for passt tells its guests an MTU of that size.
 *
 * <p>What cannot be written whole is finished before the next frame begins. A stream that ends, or whose lengths make no
 * sense, cannot go on: it is lost, and the program ends with a line that says so.
 */
package ringfence.net.stream;
