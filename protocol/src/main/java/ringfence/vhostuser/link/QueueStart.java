package ringfence.vhostuser.link;

import ringfence.linux.EventFd;
import ringfence.virtio.queue.Virtqueue;

/**
 * All that a worker begins with.
 *
 * @param index of the queue
 * @param name of the worker's thread, at most 15 characters
 * @param queue started, logging set
 * @param usedIndex index of the next used element
 * @param engine made for this queue
 * @param inflight where to note what is in flight; null: nowhere
 * @param replay heads to be done again first, in this order
 * @param kick null: there is none, the ring is polled
 * @param call null: the driver polls
 * @param err null: nobody wants to know
 */
record QueueStart(
        int index,
        String name,
        Virtqueue queue,
        int usedIndex,
        QueueEngine engine,
        InflightQueue inflight,
        int[] replay,
        EventFd kick,
        EventFd call,
        EventFd err) {}
