/**
 * What stands before a frame, and what may be wrong with it. No I/O.
 *
 * <h2>Theory of operation</h2>
 * A frame comes from the guest behind a header of ten or twelve bytes, virtio 1.3, 5.1.6. The header is copied out of the
 * guest's memory once; {@link ringfence.net.packet.HeaderRules} checks the copy against what was negotiated and against
 * the frame's length, and the copy is what the kernel gets. What does not pass is a {@link ringfence.net.packet.Drop}:
 * counted, completed, and nothing more.
 */
package ringfence.net.packet;
