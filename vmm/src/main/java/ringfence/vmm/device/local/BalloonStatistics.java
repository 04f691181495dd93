package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import ringfence.virtio.BalloonLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * What a guest tells of its memory (virtio 1.3, 5.5.6.3), under the names that Cloud Hypervisor gives it. The guest's buffer
 * waits in the queue; given back, it comes again with what is true then. So whoever asks has it given back twice: for
 * what it holds may be old, and what it holds the second time is not. A guest that nobody asks is not disturbed.
 *
 * <p>Buffers are the device's thread's; any thread may ask and be told.
 */
final class BalloonStatistics {
    private static final long ASK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int ROUNDS = 2;

    /** By tag; the last six are Linux's own. */
    private static final List<String> NAMES = List.of(
            "swap_in",
            "swap_out",
            "major_faults",
            "minor_faults",
            "free_memory",
            "total_memory",
            "available_memory",
            "disk_caches",
            "hugetlb_allocations",
            "hugetlb_failures",
            "oom_kills",
            "alloc_stalls",
            "async_scans",
            "direct_scans",
            "async_reclaims",
            "direct_reclaims");

    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** @param at when it came */
    private record Told(long at, Map<String, Long> values) {}

    private final MemorySegment buffer = Arena.ofAuto().allocate((long) NAMES.size() * BalloonLayout.STAT);
    private final AtomicInteger rounds = new AtomicInteger(); // that the buffer is still to be given back
    private volatile Told told; // null: nothing

    /** What came last, and how old it is; empty: nothing came. Values are as the guest gives them: read as unsigned. */
    Map<String, Long> told() {
        Told last = told;
        if (last == null) {
            return Map.of();
        }
        Map<String, Long> all = new TreeMap<>(last.values());
        all.put("statistics_age_us", TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - last.at()));
        return all;
    }

    /** Asks, unless the answer is on its way or is not a second old. @return whether the queue is to be looked at */
    boolean ask() {
        Told last = told;
        boolean old = last == null || System.nanoTime() - last.at() > ASK_AGAIN_NANOS;
        return old && rounds.compareAndSet(0, ROUNDS);
    }

    /** Whether somebody waits for a buffer. */
    boolean isAsked() {
        return rounds.get() > 0;
    }

    /** Takes a buffer that goes back. */
    void take(ChainCursor chain) {
        if (rounds.decrementAndGet() > 0) {
            return;
        }
        long end = chain.copyIn(0, buffer, 0, buffer.byteSize());
        Map<String, Long> values = new TreeMap<>();
        for (long at = 0; at <= end - BalloonLayout.STAT; at += BalloonLayout.STAT) {
            int tag = Short.toUnsignedInt(buffer.get(LE16, at));
            if (tag < NAMES.size()) {
                values.put(NAMES.get(tag), buffer.get(LE64, at + BalloonLayout.STAT_VALUE));
            }
        }
        told = new Told(System.nanoTime(), values);
    }

    /** The guest has another driver now, or none. */
    void forget() {
        told = null;
    }
}
