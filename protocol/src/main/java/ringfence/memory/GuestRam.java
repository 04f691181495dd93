package ringfence.memory;

import java.util.ArrayList;
import java.util.List;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.linux.Syscall;

/**
 * The memory of a machine: one sealed memfd for each range, so that it can be handed to device daemons and nobody can
 * make it shorter under them. Owned by the VMM; closed after KVM and the daemons have let go of it.
 */
public final class GuestRam implements AutoCloseable {
    /** Below this, a second thread costs more than it brings. */
    private static final long PREFAULT_PER_THREAD = 32L << 20;

    private static final int KEEP_SIZE_AND_PUNCH_HOLE = 1 | 2; // FALLOC_FL_
    private static final long PAGE = 4096;

    private final Linux linux;
    private final boolean hugePages;
    private final List<Region> regions = new ArrayList<>();
    private final MemoryTable table;

    /**
     * Makes memory.
     *
     * @param ranges guest address and size of each, ascending, whole pages (of the chosen size)
     * @throws ErrnoException ENOMEM if the host has not so much, in memory or in huge pages
     */
    public GuestRam(Linux linux, List<Range> ranges, RamOptions options) {
        this.linux = linux;
        hugePages = options.hugePageSize() != 0;
        try {
            for (Range range : ranges) {
                regions.add(region(linux, range, options));
            }
            table = MemoryTable.of(regions);
            if (options.prefault()) {
                prefault(linux);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * A range of guest memory.
     *
     * @param guestAddress first address
     * @param size bytes, above 0
     */
    public record Range(long guestAddress, long size) {}

    private static Region region(Linux linux, Range range, RamOptions options) {
        Fd fd = linux.memory().memfd("guest-ram", range.size(), options.hugePageSize());
        try {
            linux.memory().seal(fd, Seal.SHRINK, Seal.GROW, Seal.SEAL);
            Mapping mapping = linux.memory().map(fd, 0, range.size());
            try {
                return region(linux, range, options, fd, mapping);
            } catch (RuntimeException e) {
                mapping.close();
                throw e;
            }
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static Region region(Linux linux, Range range, RamOptions options, Fd fd, Mapping mapping) {
        linux.memory().adviseNoDump(mapping);
        if (options.transparentHugePages() && options.hugePageSize() == 0) {
            linux.memory().adviseHugePages(mapping);
        }
        if (options.mergeable()) {
            linux.memory().adviseMergeable(mapping);
        }
        return new Region(range.guestAddress(), mapping.address(), range.size(), mapping, 0, fd, 0);
    }

    /** What is mapped where. */
    public MemoryTable table() {
        return table;
    }

    /**
     * Gives memory that holds nothing back to the host. It reads 0 from then on, in every process that has it mapped, and
     * takes memory again where somebody touches it. Huge pages are not given back: they are reserved for this guest, and
     * who took one of them meanwhile would have the next touch of it end in a fault. Any thread.
     *
     * @param gpa any number: it may come from a guest
     * @param length bytes, any number; only whole pages are given back
     * @return bytes that were; 0 where that is no memory of one region
     */
    public long giveBack(long gpa, long length) {
        int index = table.find(gpa, length);
        if (hugePages || index < 0) {
            return 0;
        }
        Region region = table.regions().get(index);
        long offset = gpa - region.guestAddress();
        long from = offset + PAGE - 1 & -PAGE;
        long bytes = (offset + length & -PAGE) - from;
        if (bytes <= 0) {
            return 0;
        }
        long result = linux.files().tryAllocate(region.fd(), KEEP_SIZE_AND_PUNCH_HOLE, region.fdOffset() + from, bytes);
        return result == 0 ? bytes : 0;
    }

    private void prefault(Linux linux) {
        int processors = Runtime.getRuntime().availableProcessors();
        for (Region region : regions) {
            int threads = Math.clamp(region.size() / PREFAULT_PER_THREAD, 1, processors);
            populate(linux, region, threads);
        }
    }

    private static void populate(Linux linux, Region region, int threads) {
        long page = 2L << 20; // also where pages are small: a share should not split a huge one
        long share = (region.size() / threads + page - 1) / page * page;
        List<Thread> running = new ArrayList<>();
        List<ErrnoException> failures = new ArrayList<>();
        for (long at = 0; at < region.size(); at += share) {
            long from = at;
            long length = Math.min(share, region.size() - at);
            running.add(Thread.ofPlatform().name("prefault").start(() -> {
                try {
                    linux.memory().populate(region.mapping(), from, length);
                } catch (ErrnoException e) {
                    synchronized (failures) {
                        failures.add(e);
                    }
                }
            }));
        }
        boolean interrupted = false;
        for (Thread thread : running) {
            interrupted |= joined(thread);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
            throw new ErrnoException(Syscall.MADVISE, Errno.EINTR, "prefault");
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }

    /**
     * Waits for the end of a thread, whatever happens: it still touches the mapping, which the caller closes on failure.
     *
     * @return whether we were interrupted
     */
    private static boolean joined(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    @Override
    public void close() {
        for (Region region : regions) {
            region.mapping().close();
            region.fd().close();
        }
    }
}
