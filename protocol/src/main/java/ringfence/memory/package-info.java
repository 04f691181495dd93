/**
 * Guest memory: what a guest calls physical memory, and where this process has mapped it.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.memory.Region} is a range of guest-physical addresses over a part of one
 * {@link ringfence.linux.Mapping}. A {@link ringfence.memory.MemoryTable} is an immutable, versioned, sorted set of
 * regions; it answers which region holds a range ({@code find}), without allocation, without throwing, and with every
 * overflow caught, because the ranges it is asked for come from a guest. All of the guest's bytes are reached through
 * {@link java.lang.foreign.MemorySegment}s, which check bounds and life-time once more.
 *
 * <h2>Change at run time</h2>
 * A table never changes. A new one is published through {@link ringfence.memory.MemoryPublisher}; each user (a queue's
 * worker) pins the table that it works with through its own {@link ringfence.memory.MemoryUser}, goes over to the new
 * one where it holds nothing of the old (no request in flight), and only when no user holds a table any more that
 * contains a mapping is that mapping closed:
 * <pre>
 *  owner:   publish(T2) ── reclaim(): T1 held? keep ───────────── reclaim(): free, unmap what only T1 had
 *  worker:  ... uses T1 ... isStale() ─ drain ─ adopt() → T2 ... uses T2 ...
 * </pre>
 *
 * <h2>Ownership</h2>
 * Who made a mapping closes it, or gives it to the publisher to be retired. Regions and tables own nothing.
 */
package ringfence.memory;
