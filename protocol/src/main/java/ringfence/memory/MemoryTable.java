package ringfence.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The guest's memory map: regions, sorted by guest address, none overlapping. Immutable; any thread may use it, as long
 * as the mappings live (see {@link MemoryPublisher}).
 */
public final class MemoryTable {
    private final List<Region> regions;
    private final long version;
    private final long[] bases;
    private final long[] sizes;
    private final MemorySegment[] segments;
    /** null: nothing here can fail. */
    private final Faults faults;

    private MemoryTable(List<Region> sorted, long version) {
        this.version = version;
        regions = List.copyOf(sorted);
        int n = sorted.size();
        bases = new long[n];
        sizes = new long[n];
        segments = new MemorySegment[n];
        boolean mayShrink = false;
        for (int i = 0; i < n; i++) {
            Region region = sorted.get(i);
            if (i > 0 && region.guestAddress() < sorted.get(i - 1).guestEnd()) {
                throw new IllegalArgumentException(
                        "regions overlap at guest address 0x" + Long.toHexString(region.guestAddress()));
            }
            bases[i] = region.guestAddress();
            sizes[i] = region.size();
            segments[i] = region.segment();
            mayShrink |= region.mapping().mayShrink();
        }
        faults = mayShrink ? new Faults() : null;
    }

    /**
     * A table of these regions, in any order, version 1.
     *
     * @throws IllegalArgumentException if two overlap in guest addresses
     */
    public static MemoryTable of(List<Region> regions) {
        return sorted(regions, 1);
    }

    private static MemoryTable sorted(List<Region> regions, long version) {
        List<Region> sorted = new ArrayList<>(regions);
        // no Comparator.comparingLong: its lambda is serializable, and those no AOT cache holds
        sorted.sort((a, b) -> Long.compare(a.guestAddress(), b.guestAddress()));
        return new MemoryTable(sorted, version);
    }

    /** The next version, with one region more. */
    public MemoryTable plus(Region region) {
        List<Region> more = new ArrayList<>(regions);
        more.add(region);
        return sorted(more, version + 1);
    }

    /** The next version, without this region. */
    public MemoryTable minus(Region region) {
        List<Region> less = new ArrayList<>(regions);
        if (!less.remove(region)) {
            throw new IllegalArgumentException("no such region: " + region);
        }
        return sorted(less, version + 1);
    }

    /** The next version, with these regions in place of all. */
    public MemoryTable next(List<Region> replacement) {
        return sorted(replacement, version + 1);
    }

    /** The regions, by guest address. */
    public List<Region> regions() {
        return regions;
    }

    /** Whether a file below may be truncated, so that an access fails. */
    public boolean mayShrink() {
        return faults != null;
    }

    /**
     * Raises what has failed, and has not been thrown yet; before this thread does something for somebody else. Nothing where
     * nothing can fail.
     *
     * @throws InternalError if an access of this thread has failed before
     */
    public void raiseFaults() {
        if (faults != null) {
            faults.raise();
        }
    }

    /** Grows with each change. */
    public long version() {
        return version;
    }

    /** Number of regions. */
    public int count() {
        return bases.length;
    }

    /**
     * The region that holds all of {@code [gpa, gpa + length)}. Never throws, whatever the numbers: both may come from
     * a guest. Allocates nothing.
     *
     * @param gpa guest-physical address, any 64 bits
     * @param length bytes; 0 asks for the address alone, which may then be a region's end
     * @return its index, or -1
     */
    public int find(long gpa, long length) {
        int region = holder(gpa);
        return region >= 0 && length >= 0 && gpa - bases[region] <= sizes[region] - length ? region : -1;
    }

    /** The last region that begins at or below {@code gpa}, or -1; it need not reach as far as {@code gpa}. */
    private int holder(long gpa) {
        int low = 0;
        int high = bases.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (bases[middle] <= gpa) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    /** That region's bytes; offset 0 is its {@link #guestAddress}. */
    public MemorySegment segment(int region) {
        return segments[region];
    }

    /** That region's first guest-physical address. */
    public long guestAddress(int region) {
        return bases[region];
    }

    /** That region's size in bytes. */
    public long size(int region) {
        return sizes[region];
    }

    /**
     * Translates a front-end's virtual address, by which vhost-user names rings.
     *
     * @param userAddress any 64 bits
     * @param length bytes that must lie in the same region
     * @return the guest-physical address, or -1
     */
    public long toGuest(long userAddress, long length) {
        for (int i = 0; i < bases.length; i++) {
            long offset = userAddress - regions.get(i).userAddress();
            if (offset >= 0 && length >= 0 && offset <= sizes[i] - length) {
                return bases[i] + offset;
            }
        }
        return -1;
    }

    /** One past the highest guest-physical address; 0 if there is no region. */
    public long guestEnd() {
        int n = bases.length;
        return n == 0 ? 0 : bases[n - 1] + sizes[n - 1];
    }

    /**
     * Copies into guest memory, across adjacent regions if need be.
     *
     * @throws IndexOutOfBoundsException if a part of the range is no memory; nothing is written then
     */
    public void write(long gpa, MemorySegment bytes) {
        transfer(gpa, bytes, true);
    }

    /** See {@link #write(long, MemorySegment)}. */
    public void write(long gpa, byte[] bytes) {
        transfer(gpa, MemorySegment.ofArray(bytes), true);
    }

    /**
     * Copies out of guest memory, across adjacent regions if need be.
     *
     * @throws IndexOutOfBoundsException if a part of the range is no memory
     */
    public void read(long gpa, byte[] into) {
        transfer(gpa, MemorySegment.ofArray(into), false);
    }

    /** See {@link #read(long, byte[])}. */
    public void read(long gpa, MemorySegment into) {
        transfer(gpa, into, false);
    }

    /** Sets {@code length} bytes to zero. See {@link #write(long, MemorySegment)}. */
    public void clear(long gpa, long length) {
        check(gpa, length);
        for (long done = 0; done < length; ) {
            int region = holder(gpa + done);
            long offset = gpa + done - bases[region];
            long part = Math.min(length - done, sizes[region] - offset);
            segments[region].asSlice(offset, part).fill((byte) 0);
            done += part;
        }
    }

    private void transfer(long gpa, MemorySegment other, boolean toGuest) {
        long length = other.byteSize();
        check(gpa, length);
        for (long done = 0; done < length; ) {
            int region = holder(gpa + done);
            long offset = gpa + done - bases[region];
            long part = Math.min(length - done, sizes[region] - offset);
            if (toGuest) {
                MemorySegment.copy(other, done, segments[region], offset, part);
            } else {
                MemorySegment.copy(segments[region], offset, other, done, part);
            }
            done += part;
        }
    }

    private void check(long gpa, long length) {
        for (long done = 0; done < length; ) {
            int region = holder(gpa + done);
            long offset = region < 0 ? -1 : gpa + done - bases[region];
            if (offset < 0 || offset >= sizes[region]) {
                throw new IndexOutOfBoundsException("no guest memory at 0x" + Long.toHexString(gpa + done)
                        + ", range 0x" + Long.toHexString(gpa) + "+0x" + Long.toHexString(length));
            }
            done += Math.min(length - done, sizes[region] - offset);
        }
    }
}
