/**
 * The virtio specification in names and numbers: device types, feature bits, status bits, ring and request layouts.
 *
 * <p>No logic and no memory access: what acts on these numbers lies in {@code virtio.queue}, in the transports and in
 * the devices. Section numbers are those of "Virtual I/O Device (VIRTIO) Version 1.3".
 */
package ringfence.virtio;
