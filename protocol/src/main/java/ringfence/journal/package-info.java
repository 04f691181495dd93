/**
 * What happens to a VM, in a ring that outlives its VMM.
 *
 * <h2>Theory of operation</h2>
 * A VMM has one file ({@link ringfence.journal.RingWriter}) in a folder that all VMMs of its user share
 * ({@link ringfence.journal.Rings}). In it is an Agrona ring buffer for many producers and one consumer: whoever has
 * something to record claims bytes with one compare-and-set, fills them and commits them with one release store. Nobody
 * waits, nothing is allocated, and no system call is made. Where there is no room, the record is dropped and counted.
 *
 * <pre>
 *   one page: header   | what the ring is of; lost: records dropped and not told yet; consumed: see below
 *   ring, 256 KiB      | Agrona's records
 *   one page: trailer  | Agrona's positions: tail, head
 * </pre>
 *
 * The file's pages belong to the kernel: what was committed when the VMM was killed is there. That it is gone is seen by its
 * lock on the file, which only its death gives back. A record that it had claimed and not committed is then passed over, as
 * Agrona's {@code unblock} does.
 *
 * <p>Whoever reads ({@link ringfence.journal.RingReader}) trusts nothing in the file: it reads the ring by pread(2), so that
 * a file that is cut costs it nothing, checks each length and position against the ring's bounds, and copies before it looks.
 * One reader, the journal's process, consumes: it notes up to where in {@code consumed}, clears those bytes, as Agrona's
 * producers need them, and then moves the head. Others may read along: a record counts for them only if {@code consumed}
 * has not passed it once they have copied it.
 *
 * <p>A record says itself what it is: source and name of an event, and its properties, as texts. So journal and VMM may be
 * of different versions.
 */
package ringfence.journal;
