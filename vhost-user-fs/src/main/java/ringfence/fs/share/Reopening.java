package ringfence.fs.share;

import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.state.HandleTable;
import ringfence.fs.state.NodeTable;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.Name;
import ringfence.linux.OpenFlag;

/**
 * Nodes and handles of a predecessor, opened again when they are first asked for: a node where it was last seen, below its
 * directory, which may have to be found first, and only if it is that very file; a handle through its node. What is not found
 * is the guest's ESTALE, for that file only.
 *
 * <p>Not on the path of a request that finds its files open. Any thread, one at a time.
 */
final class Reopening {
    /** Directories above a node; more are none that a guest could have named. */
    private static final int DEPTH = 4096;

    private Reopening() {}

    /**
     * Opens a node.
     *
     * @return it, with one more user; null: not found
     */
    static OpenFile node(Call call, int slot) {
        synchronized (call.share.tree()) {
            OpenFile file = call.share.tree().nodes().use(slot);
            if (file != null) {
                return file;
            }
            Deque<Integer> way = new ArrayDeque<>();
            int at = slot;
            while (at != NodeTable.NONE && call.share.tree().nodes().peek(at) == null && way.size() < DEPTH) {
                way.push(at);
                at = parent(call, at);
            }
            OpenFile directory =
                    at == NodeTable.NONE ? null : call.share.tree().nodes().use(at);
            while (directory != null && !way.isEmpty()) {
                OpenFile next = below(call, directory, way.pop());
                directory.release();
                directory = next;
            }
            return directory;
        }
    }

    private static int parent(Call call, int slot) {
        try (var _ = call.share.state().begin(call.queue)) {
            return call.share.state().nodes().parent(slot);
        }
    }

    private static OpenFile below(Call call, OpenFile directory, int slot) {
        Name name = new Name();
        try (var _ = call.share.state().begin(call.queue)) {
            int length = call.share.state().nodes().name(slot, call.scratch);
            if (length == 0) {
                return null;
            }
            call.scratch.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
            name.set(call.scratch, 0);
        }
        OpenFile file = Entries.open(call, directory.fd(), name);
        if (file == null) {
            return null;
        }
        return adopt(call, slot, file) ? file : null;
    }

    /**
     * Takes an open file as a node, if it is that one: the call's {@code stat} is the file's. Otherwise lets go of it.
     *
     * @return whether it did; then the caller is one more user
     */
    static boolean adopt(Call call, int slot, OpenFile file) {
        NodeTable nodes = call.share.state().nodes();
        Entries.identify(call, file.fd());
        try (var _ = call.share.state().begin(call.queue)) {
            boolean same = nodes.device(slot) == call.stat.device()
                    && nodes.inode(slot) == call.stat.inode()
                    && Entries.isSame(call, slot);
            if (same && nodes.id(slot) != 0 && call.share.tree().nodes().peek(slot) == null) {
                file.tryUse();
                call.share.tree().nodes().put(slot, file);
                return true;
            }
        }
        file.release();
        return false;
    }

    /** Opens a handle. @return it, with one more user; null: its node is not found, or does not open */
    static OpenFile handle(Call call, int slot) {
        Share share = call.share;
        HandleTable handles = share.state().handles();
        int at = handles.node(slot);
        OpenFile node = share.tree().nodes().use(at);
        if (node == null) {
            node = node(call, at);
        }
        if (node == null || !share.tree().budget().tryTake()) {
            return null;
        }
        int flags = handles.isDirectory(slot)
                ? OpenFlag.DIRECTORY.bits()
                : OpenFlags.host(
                                handles.flags(slot),
                                share.options().directIo(),
                                share.features().has(InitFlags.WRITEBACK_CACHE))
                        & ~OpenFlag.TRUNC.bits();
        long fd = call.self.tryOpen(node.fd(), flags);
        node.release();
        if (fd < 0) {
            share.tree().budget().give();
            return null;
        }
        OpenFile file = new OpenFile(share.linux().paths().own(fd), share.tree().budget());
        synchronized (share.tree()) {
            OpenFile other = share.tree().handles().use(slot);
            if (other != null) {
                file.release();
                return other;
            }
            file.tryUse();
            share.tree().handles().put(slot, file);
            return file;
        }
    }
}
