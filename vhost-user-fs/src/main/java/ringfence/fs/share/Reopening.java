package ringfence.fs.share;

import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.state.HandleTable;
import ringfence.fs.state.NodeTable;
import ringfence.fs.tree.OpenFile;
import ringfence.fs.tree.OpenTable;
import ringfence.linux.Name;
import ringfence.linux.OpenFlag;

/**
 * Nodes and handles of a predecessor, opened again when they are first asked for: a node where it was last seen, below its
 * directory, which may have to be found first, and only if it is that very file, or else by its handle; a handle through its
 * node. What is not found is the guest's ESTALE, for that file only. And nodes of our own that were closed to make room.
 *
 * <p>Not on the path of a request that finds its files open. Any thread, one at a time.
 */
final class Reopening {
    /** Directories above a node; more are none that a guest could have named. */
    private static final int DEPTH = 4096;

    private Reopening() {}

    /**
     * Opens all nodes and handles, as far as they are found and there are descriptors. No queue runs.
     *
     * @param call of this thread
     */
    static void all(Call call) {
        NodeTable nodes = call.share.state().nodes();
        nodes.forEach(slot -> {
            OpenFile file = call.open(slot);
            if (file != null) {
                file.release();
            }
        });
        call.share.state().handles().forEach(slot -> {
            OpenFile file = handle(call, slot);
            if (file != null) {
                file.release();
            }
        });
        call.share.tree().releaseFreed();
    }

    /**
     * Opens a node.
     *
     * @return it, with one more user; null: not found
     */
    static OpenFile node(Call call, int slot) {
        if (call.share.tree().nodes().wasEvicted(slot)) {
            return ByHandle.again(call, slot);
        }
        synchronized (call.share.tree()) {
            OpenFile file = call.share.tree().nodes().use(slot);
            return file != null ? file : inherited(call, slot);
        }
    }

    private static OpenFile inherited(Call call, int slot) {
        OpenTable open = call.share.tree().nodes();
        Deque<Integer> way = new ArrayDeque<>();
        int at = slot;
        while (at != NodeTable.NONE && open.peek(at) == null && !open.wasEvicted(at) && way.size() < DEPTH) {
            way.push(at);
            at = parent(call, at);
        }
        OpenFile directory = at == NodeTable.NONE ? null : open.use(at);
        if (directory == null && at != NodeTable.NONE && open.wasEvicted(at)) {
            directory = ByHandle.again(call, at);
        }
        while (!way.isEmpty()) {
            OpenFile next = below(call, directory, way.pop());
            if (directory != null) {
                directory.release();
            }
            directory = next;
        }
        return directory;
    }

    private static int parent(Call call, int slot) {
        try (var _ = call.share.state().begin(call.queue)) {
            return call.share.state().nodes().parent(slot);
        }
    }

    /** A node that is closed, opened by its name. @return it, with one more user; null: not found */
    static OpenFile named(Call call, int slot) {
        int parent = parent(call, slot);
        OpenFile directory = parent == NodeTable.NONE ? null : call.open(parent);
        if (directory == null) {
            return null;
        }
        OpenFile file = byName(call, directory, slot);
        directory.release();
        return file;
    }

    /** By its name, or if that leads elsewhere or nowhere, by its handle. @param directory null: not found itself */
    private static OpenFile below(Call call, OpenFile directory, int slot) {
        OpenFile file = directory == null ? null : byName(call, directory, slot);
        return file != null ? file : ByHandle.inherited(call, slot);
    }

    private static OpenFile byName(Call call, OpenFile directory, int slot) {
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
        if (Identity.take(call, file) == 0) {
            try (var _ = call.share.state().begin(call.queue)) {
                boolean same = nodes.device(slot) == call.stat.device()
                        && nodes.inode(slot) == call.stat.inode()
                        && Identity.isSame(call, slot, file);
                if (same
                        && nodes.slot(nodes.id(slot)) == slot
                        && call.share.tree().nodes().peek(slot) == null) {
                    file.tryUse();
                    call.share.tree().nodes().put(slot, file);
                    return true;
                }
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
        if (node == null) {
            return null;
        }
        if (!share.tree().budget().tryTake()) {
            node.release();
            call.openError = Errors.ENFILE;
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
