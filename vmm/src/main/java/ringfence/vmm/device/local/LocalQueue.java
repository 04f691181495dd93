package ringfence.vmm.device.local;

import ringfence.virtio.queue.SplitQueue;
import ringfence.vmm.device.QueueEvents;

/**
 * A queue that runs, with its bells.
 *
 * @param ring owned by the device's thread
 * @param events the transport's
 */
record LocalQueue(SplitQueue ring, QueueEvents events) {}
