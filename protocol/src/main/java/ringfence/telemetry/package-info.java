/**
 * Counters that another process can read.
 *
 * <h2>Theory of operation</h2>
 * Each program has enums of {@link ringfence.telemetry.CounterType}; whoever owns what is counted asks
 * {@link ringfence.telemetry.Counters} for one Agrona {@code AtomicCounter} per type, once, and counts with plain
 * additions and opaque stores: one writer, no lock, no allocation, no system call. Where the counters lie decides who can
 * read them: on the heap, nobody but the program; in a {@link ringfence.telemetry.CountersFile}, whoever may open that
 * file. The reader ({@link ringfence.telemetry.CountersReading}) maps it for reading and needs nothing from the writer, which
 * does not notice it.
 *
 * <p>The file: one page of header ({@code CountersLayout}), then Agrona's metadata (512 bytes a counter: state, type, key,
 * label) and its values (128 bytes a counter, so that no two share a cache line). A counter's key is the index of its
 * owner, its label the owner's name, a space, and the type's label.
 *
 * <p>A file is made complete under another name and then takes its place, so a reader sees an old one or a new one; who
 * has mapped the old one keeps it.
 */
package ringfence.telemetry;
