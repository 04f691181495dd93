package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import ringfence.it.lab.KvmHost;

/**
 * What a process takes of its host beside descriptors ({@link Descriptors}), see proc_pid_status(5) and proc_pid_maps(5).
 *
 * @param threads of the process
 * @param mappings of its address space
 * @param kib of memory that is its own, resident: not the guest's, and not the Java heap, which fills up with what is garbage,
 *     to its bound; with 32 MiB it lies below 4 GiB
 */
record Footprint(int threads, int mappings, int kib) {
    /** The JVM's own threads, which come and go: compilers, a common pool's. */
    private static final int FEW_THREADS = 4;
    /** The C library's arenas: one for a thread at most, eight for a processor. */
    private static final int FEW_MAPPINGS = 64;
    /** What compilers and loaders of classes still take. */
    private static final int FEW_KIB = 12 << 10;

    /** Now. */
    static Footprint of(KvmHost host, String process) {
        String told = host.script(
                        "sed -n 's/^Threads://p' /proc/$1/status; wc -l </proc/$1/maps; awk '/^[0-9a-f]+-/ { split($1,"
                            + " range, \"-\"); low = length(range[1]) <= 8 } /^Anonymous:/ && !low { sum += $2 } END {"
                            + " print sum }' /proc/$1/smaps",
                        process)
                .text();
        int[] numbers =
                Stream.of(told.split("\\s+", -1)).mapToInt(Integer::parseInt).toArray();
        return new Footprint(numbers[0], numbers[1], numbers[2]);
    }

    /** Fails if this one, a later one, is larger than by what a JVM takes in time. */
    void assertNotGrownFrom(Footprint before) {
        assertNotGrownFrom(before, FEW_KIB);
    }

    /** The same, with so many KiB more of memory at most. */
    void assertNotGrownFrom(Footprint before, int more) {
        assertThat(threads).as("threads, %s", this).isLessThanOrEqualTo(before.threads + FEW_THREADS);
        assertThat(mappings).as("mappings, %s", this).isLessThanOrEqualTo(before.mappings + FEW_MAPPINGS);
        assertThat(kib).as("KiB, %s", this).isLessThanOrEqualTo(before.kib + more);
    }
}
