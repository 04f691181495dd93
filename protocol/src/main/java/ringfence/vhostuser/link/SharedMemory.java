package ringfence.vhostuser.link;

import java.util.OptionalInt;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Memory;
import ringfence.linux.Seal;
import ringfence.linux.Stat;
import ringfence.vhostuser.WireException;

/** Maps memory that a peer has handed in, after a look at what it really is. Stateless; any thread. */
final class SharedMemory {
    private static final int ACCESS_MODE = 3;
    private static final int READ_WRITE = 2;
    private static final int PAGE = 4096;

    private final Linux linux;
    private final boolean allowUnsealed;

    SharedMemory(Linux linux, boolean allowUnsealed) {
        this.linux = linux;
        this.allowUnsealed = allowUnsealed;
    }

    /**
     * Maps the first {@code offset + size} bytes of a file: from its beginning, since huge pages restrict where else a
     * mapping may begin.
     *
     * @param what names the memory in a reason
     * @param mayShrink whether {@code --allow-unsealed} counts here
     * @throws WireException if it is no such memory: one line says why
     */
    Mapping map(String what, Fd fd, long offset, long size, boolean mayShrink) {
        Stat stat = linux.files().stat(fd);
        OptionalInt seals = linux.memory().seals(fd);
        if (!stat.isRegular() || seals.isEmpty()) {
            throw new WireException(what + ": not a memfd or a file on tmpfs or hugetlbfs");
        }
        if ((linux.files().statusFlags(fd) & ACCESS_MODE) != READ_WRITE) {
            throw new WireException(what + ": not open for reading and writing");
        }
        if (size <= 0 || offset < 0 || offset > stat.size() - size) {
            throw new WireException(
                    what + ": offset=" + offset + " size=" + size + " but the file has " + stat.size() + " bytes");
        }
        if (offset % PAGE != 0) {
            throw new WireException(what + ": offset=" + offset + " is not a multiple of " + PAGE);
        }
        boolean sealed = Memory.has(seals.getAsInt(), Seal.SHRINK);
        if (!sealed && !(mayShrink && allowUnsealed)) {
            throw new WireException(what + ": the file may shrink (no F_SEAL_SHRINK)"
                    + (mayShrink ? "; --allow-unsealed admits it, if you trust its owner" : ""));
        }
        CrashPoint.reach(CrashPoint.MAPPING);
        Mapping mapping = sealed
                ? linux.memory().map(fd, 0, offset + size)
                : linux.memory().mapShrinkable(fd, 0, offset + size);
        linux.memory().adviseNoDump(mapping);
        return mapping;
    }
}
