package ringfence.vhostuser.link;

import java.util.ArrayList;
import java.util.List;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;

/** Guest memory over sealed memfds, as a VMM has it. */
final class TestRam implements AutoCloseable {
    static final long USER = 0x7f00_0000_0000L;

    private final Linux linux;
    private final List<Runnable> owned = new ArrayList<>();
    private MemoryTable table = MemoryTable.of(List.of());

    TestRam(Linux linux, long... sizes) {
        this.linux = linux;
        long at = 0;
        for (long size : sizes) {
            add(at, size);
            at += size;
        }
    }

    /** One region more. */
    Region add(long guestAddress, long size) {
        Fd memfd = linux.memory().memfd("ram", size);
        linux.memory().seal(memfd, Seal.SHRINK, Seal.GROW, Seal.SEAL);
        Mapping mapping = linux.memory().map(memfd, 0, size);
        owned.add(mapping::close);
        owned.add(memfd::close);
        Region region = new Region(guestAddress, USER + guestAddress, size, mapping, 0, memfd, 0);
        table = table.plus(region);
        return region;
    }

    void remove(Region region) {
        table = table.minus(region);
    }

    MemoryTable table() {
        return table;
    }

    @Override
    public void close() {
        owned.forEach(Runnable::run);
    }
}
