package ringfence.vmm.device;

import ringfence.linux.EventFd;

/**
 * The two bells of a queue. They belong to the transport and are the same for the device's whole life, so that a daemon
 * may come and go; a device uses them and never closes them.
 *
 * @param kick rung by the guest (through an ioeventfd): there is work
 * @param call rung by the device: there are used buffers
 */
public record QueueEvents(EventFd kick, EventFd call) {}
