/**
 * The journal: one Chronicle Queue per VM, and how the VMs' rings come into it.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.journal.store.Collector} is the one consumer of the rings of a folder. It copies what a ring holds to the
 * VM's queue ({@code VmQueue}) and only then gives the ring's bytes back. Each excerpt begins with the position in the ring
 * that is behind its record: a successor of a killed collector goes on behind the last excerpt, so that nothing is missing
 * and nothing is there twice. A ring whose VMM is gone is removed when it is empty.
 *
 * <p>{@link ringfence.journal.store.VmSource} reads a VM's events back, from the queue first and then from what the ring
 * still holds, by the same positions: with a collector, beside it, or without one.
 *
 * <p>Rings are hostile: a VMM may be in its guest's hands. What it may do is to fill its own queue, to a bound, after which its
 * events are dropped and counted ({@link ringfence.journal.store.Retention}).
 */
package ringfence.journal.store;
