package ringfence.fs.share;

import ringfence.fs.state.KeptName;
import ringfence.fs.state.NodeTable;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.ErrnoException;
import ringfence.linux.Name;

/**
 * Files that are about to lose the name by which they would be found while the guest still knows them: nobody could open them
 * again, so somebody outside keeps a descriptor.
 */
final class Unlinked {
    private final Share share;

    Unlinked(Share share) {
        this.share = share;
    }

    /**
     * Has the node of the call's {@code other} kept, if it is one, and the name that goes is its last one, or the one by which a
     * successor would look for it.
     *
     * @param parent slot of the directory that the name goes from
     * @return its slot if it was not kept before, to be {@link #drop dropped} if the name stays; or NONE
     */
    int keepIfLast(Call call, int parent, Name name, int length) {
        if (!share.keeper().isThere() && !share.tree().fileHandles().inUse()) {
            return NodeTable.NONE; // its descriptor stays open, and dies with us
        }
        boolean last = call.other.links() <= 1 || call.other.isDirectory();
        int slot;
        try (var _ = share.state().begin(call.queue)) {
            slot = share.state().nodes().find(call.other.device(), call.other.inode());
            if (slot != NodeTable.NONE && !last && !Entries.isRecorded(call, slot, parent, name, length)) {
                return NodeTable.NONE;
            }
        }
        return slot != NodeTable.NONE && keep(call, slot) ? slot : NodeTable.NONE;
    }

    /** Has a node kept that has no name. @return whether that is new */
    boolean keep(Call call, int slot) {
        OpenFile file = own(call, slot);
        if (file != null && !share.tree().pin(file)) { // closed meanwhile, to make room
            file.release();
            file = own(call, slot);
        }
        if (file == null) {
            return false;
        }
        try {
            if (file.isKept() || file.isLent()) {
                return false; // since it lost the recorded name, though it had others; or there is none for it
            }
            share.tree().pin(file);
            share.keeper().keep(name(slot), file.fd());
            file.kept(share.state().nodes().id(slot));
            return true;
        } catch (ErrnoException _) {
            return false; // it dies with us: the guest gets ESTALE for it after a kill
        } finally {
            file.release();
        }
    }

    /** The node, with a descriptor of its own if there is one: a keeper would hold open the handle that lends it, beyond its end. */
    private static OpenFile own(Call call, int slot) {
        OpenFile file = call.open(slot);
        if (file == null || !file.isLent()) {
            return file;
        }
        Lent.settle(call, file);
        file.release();
        return call.open(slot);
    }

    /** It has kept its name after all. */
    void drop(int slot) {
        if (slot != NodeTable.NONE) {
            OpenFile file = share.tree().nodes().use(slot);
            if (file != null) {
                file.kept(0);
                share.tree().unpin(file);
                file.release();
            }
            share.keeper().drop(name(slot));
        }
    }

    private String name(int slot) {
        return KeptName.node(share.state().nodes().id(slot));
    }
}
