/**
 * Virtqueues, device side and driver side, over guest memory. Virtio 1.3, 2.6 and 2.7.
 *
 * <h2>Life cycle</h2>
 * There are no flags such as "started"; the states are types:
 * <pre>
 *   QueueConfig + MemoryTable + QueueState ──start──▶ SplitQueue ──stop──▶ QueueState
 *                                                      │    ▲
 *                    poll: CHAIN ─▶ in flight ─▶ complete    │ (set up anew)
 *                    poll: BROKEN ─▶ fault() ────────────────┘
 * </pre>
 * A device's turn at a queue:
 * <pre>{@code
 * switch (queue.poll(chain)) {                    // avail.idx with acquire; every descriptor copied once
 *     case CHAIN  -> engine.submit(chain);
 *     case EMPTY  -> queue.armKick();             // true: a chain slipped in, poll again
 *     case BROKEN -> device.needsReset(queue.fault());
 * }
 * queue.complete(chain.head(), written);          // used element, then used.idx with release
 * if (queue.needsInterrupt()) call.signal();      // EVENT_IDX, once per batch
 * }</pre>
 *
 * <h2>Trust</h2>
 * Everything in the ring is written by a guest that may be hostile, may be several threads, and may write while we
 * read. Each field is read once into a local, checked there and used from there. Every walk is bounded by the queue's
 * size. A rule broken ends in {@code BROKEN} with a {@link ringfence.virtio.queue.QueueFault} that names it, and the
 * queue takes nothing more; it never ends in an exception or in an access outside guest memory.
 *
 * <h2>Order</h2>
 * {@link ringfence.virtio.queue.SplitRing} holds every access to a ring, with its order in the name. Two pairs of
 * release and acquire carry the data (avail.idx, 2.7.13.3; used.idx, 2.7.8.2); two full fences, one on each side, keep
 * a notification from being lost: publish, fence, look whether the other waits (2.7.7, 2.7.10).
 *
 * <h2>Ownership</h2>
 * A queue, its cursors and a driver belong to one thread each. The memory belongs to who made the
 * {@link ringfence.memory.MemoryTable}; a queue must be stopped, or rebuilt over the next table, before the old table
 * is let go.
 */
package ringfence.virtio.queue;
