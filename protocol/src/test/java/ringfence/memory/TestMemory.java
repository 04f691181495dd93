package ringfence.memory;

import java.util.ArrayList;
import java.util.List;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;

/** Guest memory for tests: anonymous mappings at chosen guest addresses. Closing it unmaps them. */
public final class TestMemory implements AutoCloseable {
    /** Where a front-end pretends to have guest address 0. */
    public static final long USER_BASE = 0x7F00_0000_0000L;

    private final List<Region> regions = new ArrayList<>();
    private final List<Mapping> mappings = new ArrayList<>();

    /** One region of {@code size} bytes at guest address 0. */
    public static TestMemory of(long size) {
        return new TestMemory().region(0, size);
    }

    /** One region more, in a mapping of its own. */
    public TestMemory region(long guestAddress, long size) {
        Mapping mapping = Linux.system().memory().mapAnonymous(size);
        mappings.add(mapping);
        regions.add(new Region(guestAddress, USER_BASE + guestAddress, size, mapping, 0, null, 0));
        return this;
    }

    public MemoryTable table() {
        return MemoryTable.of(regions);
    }

    public List<Region> regions() {
        return regions;
    }

    @Override
    public void close() {
        mappings.forEach(Mapping::close);
    }
}
