package ringfence.fs.share;

import ringfence.fs.fuse.InLayout;
import ringfence.linux.Statx;

/** Names that go: UNLINK, RMDIR. */
final class RemoveOps {
    /** A fact: this is what was there. */
    private static final long PRESENT = 2;

    private final Share share;
    private final Unlinked unlinked;

    RemoveOps(Share share) {
        this.share = share;
        unlinked = new Unlinked(share);
    }

    int unlink(Call call) {
        return remove(call, false);
    }

    int removeDirectory(Call call) {
        return remove(call, true);
    }

    private int remove(Call call, boolean directory) {
        int length = call.lastName(InLayout.ARGUMENTS);
        if (length < 0) {
            return length;
        }
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        Statx target = call.other;
        long there = share.linux().paths().tryStat(call.node().fd(), call.name, target);
        if (call.wasBegun() && call.log.fact(0) == PRESENT && (there < 0 || !isOld(call, target))) {
            call.counters.add(FsCounter.FOUND_DONE);
            return call.done();
        }
        if (there < 0) {
            return (int) there;
        }
        call.intend(PRESENT, target.device(), target.inode(), 0);
        int kept = unlinked.keepIfLast(call, call.slot, call.name, length);
        long result = directory
                ? share.linux().paths().tryRemoveDirectory(call.node().fd(), call.name)
                : share.linux().paths().tryUnlink(call.node().fd(), call.name);
        if (result < 0) {
            unlinked.drop(kept);
            return (int) result;
        }
        call.effect();
        return call.done();
    }

    private static boolean isOld(Call call, Statx target) {
        return target.device() == call.log.fact(1) && target.inode() == call.log.fact(2);
    }
}
