/**
 * A small learning switch: virtual machines of one host talk to each other, without a tap and without privileges.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.net.fabric.Switch} has ports. Behind a guest's port ({@code GuestPort}) stands a network device of
 * its own with its own socket, or with the connection of the moment to a socket that all share; a tap may be one port more, the uplink ({@code Uplink}).
 * <ul>
 *   <li>Who sends, forwards: the thread of a transmit queue ({@code SwitchSink}), or the uplink's. Its
 *       {@code Forwarder} reads both Ethernet addresses from a private copy, notes the source in the
 *       {@link ringfence.net.fabric.AddressTable}, and asks it for the port of the destination. What it does not know, and
 *       what is for a group, goes to all other ports.
 *   <li>A receive queue belongs to the thread of its worker. So between the threads lies one {@code Lane} per receive
 *       queue: a ring of {@code Lane.CAPACITY} bytes, many writers, one reader, no locks. The frame is copied from the
 *       sender's guest into it, and from it into the receiver's ({@code SwitchReceiver}); to the uplink it goes straight.
 *   <li>Where one thread serves both queues, which is what the daemon does unless it is told otherwise, the frame is copied
 *       straight from one guest into the other ({@code SwitchReceiver.take}), if nothing waits in the lane before it and
 *       the receiver takes it as it is.
 *   <li>A lane that is full, or whose queue does not run, takes nothing: the frame is dropped and counted with the sender,
 *       who never waits. Nobody else notices.
 *   <li>A sleeping reader is woken by an eventfd, once per batch: it says that it will sleep, then looks again; the writer
 *       writes, then looks whether somebody sleeps; a full fence between the two steps on either side.
 * </ul>
 *
 * <p>A frame keeps its header of virtio on the way. What a receiver has not accepted is done for it, by its own worker:
 * checksums are completed, large segments are cut ({@link ringfence.net.packet.SoftwareOffload}).
 */
package ringfence.net.fabric;
