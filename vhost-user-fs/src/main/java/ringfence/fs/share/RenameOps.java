package ringfence.fs.share;

import ringfence.fs.fuse.InLayout;
import ringfence.fs.state.NodeTable;
import ringfence.fs.state.Transaction;
import ringfence.linux.Name;
import ringfence.linux.Statx;

/** RENAME and RENAME2. */
final class RenameOps {
    private static final int EXCHANGE = 2;
    private static final int WHITEOUT = 4;
    /** What renameat2(2) knows: NOREPLACE, EXCHANGE, WHITEOUT. */
    private static final int KNOWN = 7;

    private final Share share;
    private final Unlinked unlinked;

    RenameOps(Share share) {
        this.share = share;
        unlinked = new Unlinked(share);
    }

    int rename(Call call) {
        return rename(call, InLayout.RENAME_NAMES, 0);
    }

    int rename2(Call call) {
        int flags = call.request.int32(InLayout.RENAME2_FLAGS);
        return (flags & ~KNOWN) != 0 ? Errors.EINVAL : rename(call, InLayout.RENAME2_NAMES, flags);
    }

    private int rename(Call call, int namesAt, int flags) {
        int length = call.name(namesAt);
        if (length < 0) {
            return length;
        }
        int newLength = call.request.lastName(namesAt + length + 1, call.newName);
        if (newLength < 0) {
            return newLength;
        }
        int found = call.useNode();
        if (found == 0) {
            found = call.useOther(call.request.int64(InLayout.RENAME_NEWDIR));
        }
        if (found < 0) {
            return found;
        }
        long from = share.linux().paths().tryStat(call.node().fd(), call.name, call.stat);
        long to = share.linux().paths().tryStat(call.otherNode().fd(), call.newName, call.other);
        boolean exchange = (flags & EXCHANGE) != 0;
        if (call.wasBegun() && wasDone(call, from, to)) {
            call.counters.add(FsCounter.FOUND_DONE);
            return moved(call, call.log.fact(0), call.log.fact(1), call.log.fact(3), length, newLength, exchange);
        }
        if (from < 0) {
            return (int) from;
        }
        long source = call.stat.inode();
        long target = to < 0 ? 0 : call.other.inode();
        call.intend(call.stat.device(), source, to < 0 ? 0 : call.other.device(), target);
        int kept = to < 0 || exchange || isSame(call)
                ? NodeTable.NONE
                : unlinked.keepIfLast(call, call.otherSlot, call.newName, newLength);
        int refused = (flags & WHITEOUT) != 0 ? call.caller.enter(call.request) : 0; // which makes a file
        long result = refused < 0
                ? refused
                : share.linux()
                        .paths()
                        .tryRename(call.node().fd(), call.name, call.otherNode().fd(), call.newName, flags);
        call.caller.leave();
        if (result < 0) {
            unlinked.drop(kept);
            return (int) result;
        }
        call.effect();
        return moved(call, call.stat.device(), source, target, length, newLength, exchange);
    }

    /** Two names of one file: renaming does nothing. */
    private static boolean isSame(Call call) {
        return call.stat.inode() == call.other.inode() && call.stat.device() == call.other.device();
    }

    /** Whether the new name stands for what the old one stood for, and the old one does not any more. */
    private static boolean wasDone(Call call, long from, long to) {
        boolean still = from == 0 && is(call.stat, call.log.fact(0), call.log.fact(1));
        return !still && to == 0 && is(call.other, call.log.fact(0), call.log.fact(1));
    }

    private static boolean is(Statx stat, long device, long inode) {
        return stat.device() == device && stat.inode() == inode;
    }

    /** Notes where the nodes are now. Both directories are of the file system of what was moved. */
    private int moved(Call call, long device, long source, long target, int length, int newLength, boolean exchange) {
        try (Transaction transaction = share.state().begin(call.queue)) {
            place(transaction, device, source, call.otherSlot, call.newName, newLength);
            if (exchange) {
                place(transaction, device, target, call.slot, call.name, length);
            }
            call.commit(transaction);
        }
        return 0;
    }

    private void place(Transaction transaction, long device, long inode, int parent, Name name, int length) {
        int slot = share.state().nodes().find(device, inode);
        if (slot != NodeTable.NONE && slot != NodeTable.ROOT) {
            transaction.moved(slot, parent, name.segment(), name.at(), length);
        }
    }
}
