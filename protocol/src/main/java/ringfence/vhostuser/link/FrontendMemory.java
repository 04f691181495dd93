package ringfence.vhostuser.link;

import java.util.ArrayList;
import java.util.List;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.vhostuser.MemoryRegion;

/** What a back-end knows of guest memory, and what it must be told to know another table. */
final class FrontendMemory {
    private List<Region> known = List.of();

    /** Regions that it knows and should not. */
    List<Region> gone(MemoryTable next) {
        List<Region> gone = new ArrayList<>(known);
        gone.removeAll(next.regions());
        return gone;
    }

    /** Regions that it should know and does not. */
    List<Region> fresh(MemoryTable next) {
        List<Region> fresh = new ArrayList<>(next.regions());
        fresh.removeAll(known);
        return fresh;
    }

    /** Whether it knows none. */
    boolean isEmpty() {
        return known.isEmpty();
    }

    void knows(MemoryTable table) {
        known = table.regions();
    }

    static MemoryRegion wire(Region region) {
        if (region.fd() == null) {
            throw new IllegalArgumentException("a region without a file cannot be shared: " + region);
        }
        return new MemoryRegion(region.guestAddress(), region.size(), region.userAddress(), region.fdOffset());
    }
}
