/**
 * The network device as a vhost-user back-end serves it.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.net.engine.NetDevice} is one device: ports, a configuration space, the negotiated features. Its even
 * queues receive, its odd ones transmit; the control queue is the front-end's. For each queue that starts it makes an
 * engine, which belongs to that queue's worker:
 * <ul>
 *   <li>{@link ringfence.net.engine.FrameTransmitter} checks each chain and a copy of its header
 *       ({@link ringfence.net.packet.HeaderRules}) and hands it to a {@link ringfence.net.engine.FrameSink}; a tap's sends
 *       it by one writev, straight from the guest's pages. Nothing is ever in flight.
 *   <li>{@code Receiver} holds as many of the guest's buffers as the longest frame needs, and reads a frame straight into
 *       them by one readv when the tap has one. Those that it fills it uses, all of a frame at once; the others it keeps,
 *       or gives back when the queue stops.
 * </ul>
 *
 * <p>Where the frames go to is a {@link ringfence.net.engine.Network}: a tap (these two engines), a port of a switch, passt.
 * With limits, each engine stands behind a {@code Gate}, which stays shut while a direction's
 * {@link ringfence.net.engine.Limiter} has no token, and wakes the queue's worker by a timer of its own.
 *
 * <p>A frame of 64 KiB stays whole where segmentation was negotiated; the kernel cuts it, or never does.
 */
package ringfence.net.engine;
