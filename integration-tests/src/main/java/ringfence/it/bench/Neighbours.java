package ringfence.it.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringTokenizer;

/** How busy the machine is with what is no part of a measurement: /proc/stat, less what the measured ones have used. */
final class Neighbours {
    private static final Path STAT = Path.of("/proc/stat");
    private static final long NANOS_PER_TICK = 10_000_000L; // USER_HZ is 100 on x86-64
    private static final int STEAL = 7;

    private final CpuTime front;
    private final CpuTime daemon;
    private final long before;

    /** Begins to look. */
    Neighbours(CpuTime front, CpuTime daemon) {
        this.front = front;
        this.daemon = daemon;
        before = others();
    }

    /** Processor time of all others since, nanoseconds; right to some ticks. */
    long nanos() {
        return Math.max(0, others() - before);
    }

    private long others() {
        return all() - front.nanos() - daemon.nanos();
    }

    /** User, nice, system and stolen time of all processors; interrupts may be ours. */
    private static long all() {
        try {
            StringTokenizer fields = new StringTokenizer(
                    Files.readString(STAT).lines().findFirst().orElseThrow());
            fields.nextToken();
            long ticks = 0;
            for (int field = 0; field <= STEAL; field++) {
                long value = Long.parseLong(fields.nextToken());
                ticks += field < 3 || field == STEAL ? value : 0;
            }
            return ticks * NANOS_PER_TICK;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
