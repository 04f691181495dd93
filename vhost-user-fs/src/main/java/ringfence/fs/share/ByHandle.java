package ringfence.fs.share;

import java.lang.foreign.MemorySegment;
import ringfence.fs.state.NodeTable;
import ringfence.fs.tree.OpenFile;
import ringfence.fs.tree.Tree;
import ringfence.linux.Errno;
import ringfence.linux.HandleCalls;

/** Nodes opened by the handles in their slots, see {@code fs.tree}. Any thread; free of state. */
final class ByHandle {
    private ByHandle() {}

    /**
     * Opens one that this process has had open, and has closed to make room. If the kernel has forgotten where it is, it is
     * looked up by its name first: rules of Landlock allow nothing to a file that is nowhere.
     *
     * @return it, with one more user; null: the file is gone, or the call's {@code openError} says why
     */
    static OpenFile again(Call call, int slot) {
        OpenFile file = open(call, slot);
        if (file != null && isNowhere(call, file)) {
            file.release();
            OpenFile named = Reopening.named(call, slot);
            if (named != null) {
                return named;
            }
            file = open(call, slot);
        }
        return settle(call, slot, file);
    }

    /** The path of such a file is "/", and so is a mount's root's, which is no file that was closed. */
    private static boolean isNowhere(Call call, OpenFile file) {
        return call.self.tryPath(file.fd(), call.scratch.asSlice(0, 2)) == 1;
    }

    /**
     * Opens one that a predecessor has left, wherever it is now, but only if it is below the root. One that has no name any
     * more is kept as those are whose names go under our hands.
     *
     * @return it, with one more user; null: not found
     */
    static OpenFile inherited(Call call, int slot) {
        Tree tree = call.share.tree();
        OpenFile file = open(call, slot);
        if (file != null && !tree.fileHandles().isBelow(call.self, file.fd())) {
            file.release();
            return null;
        }
        boolean nameless = file != null && call.stat.links() == 0;
        OpenFile node = settle(call, slot, file);
        if (node != null && nameless) {
            new Unlinked(call.share).keep(call, slot);
        }
        return node;
    }

    /** The file of a node's handle, if it is that of its device and inode; the call's {@code stat} is the file's. */
    private static OpenFile open(Call call, int slot) {
        Share share = call.share;
        NodeTable nodes = share.state().nodes();
        if (!share.tree().fileHandles().inUse()
                || nodes.device(slot) != nodes.device(NodeTable.ROOT)
                || !Identity.load(call, slot)) {
            return null;
        }
        long fd = share.tree().tryOpen(call.identity);
        if (fd < 0) {
            boolean full = fd == -Errno.ENFILE.number() || fd == -Errno.EMFILE.number();
            call.openError = full ? Errors.ENFILE : (int) fd;
            return null;
        }
        OpenFile file = new OpenFile(share.linux().paths().own(fd), share.tree().budget());
        boolean same = share.linux().attributes().tryStat(file.fd(), call.stat) >= 0
                && call.stat.device() == nodes.device(slot)
                && call.stat.inode() == nodes.inode(slot);
        if (!same) {
            file.release();
            return null;
        }
        file.byHandle(true);
        return file;
    }

    /** Puts it into the table, unless somebody else was first. @param file of the call's {@code identity}, or null */
    private static OpenFile settle(Call call, int slot, OpenFile file) {
        NodeTable nodes = call.share.state().nodes();
        OpenFile settled = null;
        if (file != null) {
            try (var _ = call.share.state().begin(call.queue)) {
                int length = nodes.fileHandle(slot, call.scratch);
                boolean same = nodes.slot(nodes.id(slot)) == slot
                        && length <= HandleCalls.MAX
                        && MemorySegment.mismatch(call.scratch, 0, length, call.identity, 0, length) < 0;
                settled = same ? call.share.tree().nodes().use(slot) : null;
                if (same && settled == null) {
                    file.tryUse();
                    call.share.tree().nodes().put(slot, file);
                    return file;
                }
            }
            file.release();
        }
        return settled;
    }
}
