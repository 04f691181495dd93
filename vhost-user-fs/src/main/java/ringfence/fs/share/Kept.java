package ringfence.fs.share;

import java.util.HashMap;
import java.util.Map;
import ringfence.fs.state.KeptName;
import ringfence.fs.state.NodeTable;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.Fd;
import ringfence.linux.Statx;

/** What a predecessor has had on the host: descriptors of nodes without a name, which it has had kept, and locks. */
public final class Kept {
    private Kept() {}

    /**
     * Makes nodes of the descriptors again, then takes the guest's locks again, before any queue runs. What is nobody's node any
     * more is let go of.
     *
     * @param descriptors by name; those of {@link KeptName#node} are duplicated, and stay the caller's
     * @return how many locks were not to be had again
     */
    public static int takeOver(Share share, Map<String, Fd> descriptors) {
        Statx stat = share.stat();
        new HashMap<>(descriptors).forEach((name, fd) -> {
            if (KeptName.isNode(name) && !taken(share, name, fd, stat)) {
                share.keeper().drop(name);
            }
        });
        return HostLocks.takeAgain(share);
    }

    private static boolean taken(Share share, String name, Fd fd, Statx stat) {
        NodeTable nodes = share.state().nodes();
        long id;
        try {
            id = KeptName.node(name);
        } catch (NumberFormatException _) {
            return false;
        }
        int slot = nodes.slot(id);
        boolean same = slot != NodeTable.NONE
                && slot != NodeTable.ROOT
                && share.tree().nodes().peek(slot) == null
                && share.linux().attributes().tryStat(fd, stat) == 0
                && isOf(stat, nodes.device(slot))
                && stat.inode() == nodes.inode(slot);
        if (!same || !share.tree().budget().tryTake()) {
            return false;
        }
        OpenFile file = new OpenFile(fd.duplicate(), share.tree().budget());
        file.kept(id);
        share.tree().nodes().put(slot, file);
        return true;
    }

    /** A predecessor in a mount namespace of its own has reached the directory's files through another mount. */
    private static boolean isOf(Statx stat, long device) {
        return stat.device() == device || stat.fileSystem() == device;
    }
}
