package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.virtio.BalloonLayout;
import ringfence.virtio.DeviceType;
import ringfence.virtio.queue.ChainCursor;
import ringfence.vmm.config.BalloonConfig;

/**
 * The memory balloon (virtio 1.3, 5.5): the host has the pages back that the guest puts into it, and those that the guest
 * reports as free. A page that is none, or is in use, is its guest's own mistake: it reads 0 afterwards, in the guest and
 * in its daemons, and no worse.
 *
 * <p>Where the guest's driver has not taken up a feature, Linux 6.1 counts the queues without that one's, against 5.5.2. So
 * each queue behind the first two is what the features leave for it: FREE_PAGE_HINT is never offered.
 */
public final class Balloon extends LocalDevice {
    private static final int QUEUE_SIZE = 128;
    /** Pages of one chain that are looked at: Linux names 256. */
    private static final int MOST = 8192;

    private static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final GuestRam ram;
    private final long offered;
    private final MemorySegment pages = Arena.ofAuto().allocate((long) MOST * Integer.BYTES);
    private final BalloonStatistics statistics = new BalloonStatistics();
    private final AtomicLong inflated = new AtomicLong();
    private final AtomicLong reported = new AtomicLong();
    private volatile long accepted;
    private volatile int target; // pages, and so is what is there
    private volatile int actual;

    /** A balloon that wants as much as this says of the guest's memory. */
    public Balloon(Linux linux, String id, BalloonConfig config, GuestRam ram) {
        super(linux, id, DeviceType.BALLOON, queues(config), QUEUE_SIZE, ram.table());
        this.ram = ram;
        offered = (config.statistics() ? BalloonLayout.STATS_VQ : 0)
                | (config.deflateOnOom() ? BalloonLayout.DEFLATE_ON_OOM : 0)
                | (config.freePageReporting() ? BalloonLayout.REPORTING : 0);
        target = pages(config.size());
    }

    private static int queues(BalloonConfig config) {
        if (config.freePageReporting()) {
            return BalloonLayout.REPORTING_QUEUE + 1;
        }
        return config.statistics() ? BalloonLayout.STATS_QUEUE + 1 : BalloonLayout.DEFLATE_QUEUE + 1;
    }

    private static int pages(long bytes) {
        return (int) (bytes >>> BalloonLayout.PAGE_SHIFT);
    }

    private static long bytes(int pages) {
        return Integer.toUnsignedLong(pages) << BalloonLayout.PAGE_SHIFT;
    }

    /** Asks the guest for so many bytes of its memory in all, rounded down to pages. It gives them when it can. */
    public void resize(long bytes) {
        target = pages(bytes);
        listener().configChanged();
    }

    /** Bytes in the balloon, as the guest says: at most its memory. Any thread. */
    public long size() {
        return Math.min(bytes(actual), memorySize());
    }

    private long memorySize() {
        MemoryTable table = ram.table();
        long size = 0;
        for (int i = 0; i < table.count(); i++) {
            size += table.size(i);
        }
        return size;
    }

    /** What it has counted, and what the guest has told of its memory; asks the guest to tell anew. Any thread. */
    public Map<String, Long> counters() {
        Map<String, Long> counters = new TreeMap<>(Map.of(
                "target_bytes", bytes(target),
                "actual_bytes", size(),
                "inflated_bytes", inflated.get(),
                "reported_bytes", reported.get()));
        if ((accepted & BalloonLayout.STATS_VQ) != 0) {
            counters.putAll(statistics.told());
            if (statistics.ask()) {
                look(BalloonLayout.STATS_QUEUE);
            }
        }
        return counters;
    }

    @Override
    long deviceFeatures() {
        return offered;
    }

    @Override
    public void acknowledge(long features) {
        accepted = features;
    }

    private boolean isStatistics(int queue) {
        return queue == BalloonLayout.STATS_QUEUE && (accepted & BalloonLayout.STATS_VQ) != 0;
    }

    @Override
    boolean canServe(int queue) {
        return !isStatistics(queue) || statistics.isAsked(); // the guest's buffer waits until somebody wants to know
    }

    @Override
    int serve(int queue, ChainCursor chain) {
        if (queue == BalloonLayout.INFLATE_QUEUE) {
            inflate(chain);
        } else if (isStatistics(queue)) {
            statistics.take(chain);
        } else if (queue != BalloonLayout.DEFLATE_QUEUE) { // a page that is taken back is there when it is touched
            report(chain);
        }
        return 0;
    }

    /** Pages that lie side by side, upwards or downwards, are given back at once. */
    private void inflate(ChainCursor chain) {
        long end = chain.copyIn(0, pages, 0, pages.byteSize());
        long first = 0;
        long next = 0;
        for (long at = 0; at <= end - Integer.BYTES; at += Integer.BYTES) {
            long page = Integer.toUnsignedLong(pages.get(LE32, at));
            if (page == next) {
                next++;
            } else if (page == first - 1) {
                first--;
            } else {
                giveBack(first, next);
                first = page;
                next = page + 1;
            }
        }
        giveBack(first, next);
    }

    private void giveBack(long first, long next) {
        long given = ram.giveBack(first << BalloonLayout.PAGE_SHIFT, next - first << BalloonLayout.PAGE_SHIFT);
        inflated.lazySet(inflated.get() + given);
    }

    private void report(ChainCursor chain) {
        long given = 0;
        for (int i = chain.readable(); i < chain.count(); i++) {
            given += ram.giveBack(chain.guestAddress(i), chain.length(i));
        }
        reported.lazySet(reported.get() + given);
    }

    @Override
    void forget() {
        actual = 0;
        statistics.forget();
    }

    @Override
    public int configSize() {
        return BalloonLayout.CONFIG;
    }

    @Override
    long configWord(int index) {
        return index == 0 ? Integer.toUnsignedLong(target) | (long) actual << Integer.SIZE : 0;
    }

    /** The driver tells how many pages it has given. */
    @Override
    public CompletionStage<Void> writeConfig(int offset, int width, long value) {
        if (offset == BalloonLayout.ACTUAL && width == Integer.BYTES) {
            actual = (int) value;
        }
        return super.writeConfig(offset, width, value);
    }
}
