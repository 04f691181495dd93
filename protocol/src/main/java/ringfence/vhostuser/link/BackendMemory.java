package ringfence.vhostuser.link;

import java.util.ArrayList;
import java.util.List;
import ringfence.linux.Fd;
import ringfence.linux.Mapping;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.vhostuser.MemoryRegion;
import ringfence.vhostuser.WireException;

/**
 * The guest memory of one connection: what the front-end has handed in, mapped. The connection's thread owns it and
 * changes it only while every queue stands still. The files' descriptors are closed as soon as they are mapped.
 */
final class BackendMemory implements AutoCloseable {
    /** Regions that fit, told by GET_MAX_MEM_SLOTS; as many as KVM has slots for RAM in a big machine. */
    static final int SLOTS = 509;

    private record Mapped(MemoryRegion wire, Mapping mapping) {}

    private final SharedMemory files;
    private List<Mapped> mapped = new ArrayList<>();
    private MemoryTable table;

    BackendMemory(SharedMemory files) {
        this.files = files;
    }

    /** The table; null before the first memory. */
    MemoryTable table() {
        return table;
    }

    /**
     * Maps another set of regions. {@link Change#commit} replaces the old by it.
     *
     * @param fds one for each region, which stay the caller's
     */
    Change replace(List<MemoryRegion> regions, List<Fd> fds) {
        List<Mapped> next = new ArrayList<>();
        try {
            for (int i = 0; i < regions.size(); i++) {
                next.add(map(regions.get(i), fds.get(i)));
            }
            return new Change(next, next, mapped);
        } catch (RuntimeException e) {
            next.forEach(one -> one.mapping.close());
            throw e;
        }
    }

    /** Maps one region more. */
    Change add(MemoryRegion region, Fd fd) {
        if (mapped.size() >= SLOTS) {
            throw new WireException("ADD_MEM_REG: more than " + SLOTS + " regions");
        }
        Mapped one = map(region, fd);
        List<Mapped> next = new ArrayList<>(mapped);
        next.add(one);
        try {
            return new Change(next, List.of(one), List.of());
        } catch (RuntimeException e) {
            one.mapping.close();
            throw e;
        }
    }

    /** Takes one region away. */
    Change remove(MemoryRegion region) {
        Mapped one = mapped.stream()
                .filter(candidate -> candidate.wire.sameAs(region))
                .findFirst()
                .orElseThrow(() -> new WireException("REM_MEM_REG: no such region: " + region));
        List<Mapped> next = new ArrayList<>(mapped);
        next.remove(one);
        return new Change(next, List.of(), List.of(one));
    }

    private Mapped map(MemoryRegion region, Fd fd) {
        return new Mapped(region, files.map("guest memory", fd, region.offset(), region.size(), true));
    }

    private MemoryTable tableOf(List<Mapped> all) {
        List<Region> regions = new ArrayList<>();
        for (Mapped one : all) {
            MemoryRegion wire = one.wire;
            regions.add(new Region(
                    wire.guestAddress(),
                    wire.userAddress(),
                    wire.size(),
                    one.mapping,
                    wire.offset(),
                    null,
                    wire.offset()));
        }
        return table == null ? MemoryTable.of(regions) : table.next(regions);
    }

    /** A table that is mapped and checked, but not used yet. */
    final class Change {
        private final List<Mapped> all;
        private final List<Mapped> gone;
        private final MemoryTable next;

        private Change(List<Mapped> all, List<Mapped> fresh, List<Mapped> gone) {
            this.all = all;
            this.gone = gone;
            try {
                next = tableOf(all);
            } catch (IllegalArgumentException e) {
                throw new WireException("guest memory, " + fresh.size() + " new regions: " + e.getMessage());
            }
        }

        /** Makes it the current one and unmaps what is gone. Every queue stands still. */
        void commit() {
            mapped = all;
            table = next;
            gone.forEach(one -> one.mapping.close());
        }
    }

    @Override
    public void close() {
        mapped.forEach(one -> one.mapping.close());
        mapped = new ArrayList<>();
        table = null;
    }
}
