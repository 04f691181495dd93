package ringfence.fs.share;

import java.lang.foreign.ValueLayout;
import ringfence.fs.state.HandleTable;
import ringfence.fs.state.NodeTable;
import ringfence.fs.tree.OpenFile;
import ringfence.fs.tree.Tree;
import ringfence.linux.Fd;
import ringfence.linux.OpenFlag;

/** Nodes of files that were made, whose descriptor is a handle's until that ends: see {@link CreateOps}. Free of state. */
final class Lent {
    private Lent() {}

    /** A handle is about to end: what it has lent its descriptor to gets one of its own. */
    static void end(Call call, long fh) {
        HandleTable handles = call.share.state().handles();
        Tree tree = call.share.tree();
        int handle = handles.slot(fh);
        int slot = handle == HandleTable.NONE ? NodeTable.NONE : handles.node(handle);
        OpenFile lender = slot == NodeTable.NONE ? null : tree.handles().peek(handle);
        if (lender == null || !tree.isLent(slot, lender)) {
            return;
        }
        OpenFile node = tree.nodes().use(slot);
        if (node == null) {
            return;
        }
        Fd own = byName(call, slot);
        if (own == null) {
            settle(call, node);
        } else {
            tree.settle(node, own);
        }
        node.release();
    }

    /** Gives a node one of its own. If none is to be had, it keeps that one open. @param node the caller is a user */
    static void settle(Call call, OpenFile node) {
        long fd = call.self.tryOpen(node.fd(), OpenFlag.PATH.bits());
        if (fd >= 0) {
            call.share.tree().settle(node, call.share.linux().paths().own(fd));
        }
    }

    /**
     * By the name that is recorded, which takes half as long as by /proc, unless that is another file's by now. As the file is
     * open, its inode's number is nobody else's. The call's {@code newName}, {@code other} and {@code scratch} are used.
     *
     * @return null: it is elsewhere
     */
    private static Fd byName(Call call, int slot) {
        Share share = call.share;
        NodeTable nodes = share.state().nodes();
        int parent;
        int length;
        try (var _ = share.state().begin(call.queue)) {
            parent = nodes.parent(slot);
            length = nodes.name(slot, call.scratch);
        }
        OpenFile directory = parent == NodeTable.NONE || length == 0
                ? null
                : share.tree().nodes().use(parent);
        if (directory == null) {
            return null;
        }
        call.scratch.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
        call.newName.set(call.scratch, 0);
        long fd = Entries.tryOpen(call, directory.fd(), call.newName);
        directory.release();
        if (fd < 0) {
            return null;
        }
        Fd file = share.linux().paths().own(fd);
        boolean same = share.linux().attributes().tryStat(file, call.other) == 0
                && call.other.inode() == nodes.inode(slot)
                && call.other.device() == nodes.device(slot);
        if (!same) {
            file.close();
            return null;
        }
        return file;
    }
}
