/**
 * Counters that another process can read.
 *
 * <h2>Theory of operation</h2>
 * Each program has enums, a {@link ringfence.telemetry.CounterType} to each constant; whoever owns what is counted asks
 * {@link ringfence.telemetry.Counters} for one Agrona {@code AtomicCounter} per type, once, and counts with plain
 * additions and opaque stores: one writer, no lock, no allocation, no system call. Where the counters lie decides who can
 * read them: on the heap, nobody but the program; in a {@link ringfence.telemetry.CountersFile}, whoever may open that
 * file. The reader ({@link ringfence.telemetry.CountersReading}) needs nothing from the writer, which does not notice it.
 *
 * <p>The file: one page of header ({@code CountersLayout}), then Agrona's metadata (512 bytes a counter: state, type, key,
 * label) and its values (128 bytes a counter, so that no two share a cache line). It says itself what it is: a counter's key
 * has the index of its owner and what kind of number it is, its label the owner's name, a space, the type's label, a space,
 * and what the type counts. So a reader of all programs' files knows none of the programs. How long something takes is a
 * {@link ringfence.telemetry.Histogram}: a counter per bucket, and their sum.
 *
 * <p>A file is made complete under another name and then takes its place. A successor of the same program goes on in the
 * file that is there: who reads it sees numbers that only grow. Its directory need not be writable then, so that a
 * supervisor can make the file for a program that may open nothing else. The file of a daemon that serves many, of whom few
 * are there, takes memory only for the counters that there are; whose they are says {@link ringfence.telemetry.PortOwner}.
 */
package ringfence.telemetry;
