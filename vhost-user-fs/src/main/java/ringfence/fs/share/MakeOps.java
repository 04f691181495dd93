package ringfence.fs.share;

import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.InitFlags;
import ringfence.linux.Name;
import ringfence.linux.Statx;

/** New names: MKNOD, MKDIR, SYMLINK, LINK. */
final class MakeOps {
    private static final int LINK_TEXT_MAX = 4095;

    /** A fact: nothing was there. */
    private static final long ABSENT = 1;

    private final Share share;
    private final Making node = this::node;
    private final Making directory = this::directory;
    private final Making symlink = this::symlink;
    private final Making linked = this::linked;

    MakeOps(Share share) {
        this.share = share;
    }

    /** What is made under the name that the call has. @return the system call's result */
    @FunctionalInterface
    private interface Making {
        long make(Call call);
    }

    int makeNode(Call call) {
        return make(call, InLayout.MKNOD_NAME, InLayout.MKNOD_UMASK, node);
    }

    private long node(Call call) {
        return share.linux()
                .paths()
                .tryMakeNode(
                        call.node().fd(),
                        call.name,
                        call.request.int32(InLayout.MKNOD_MODE),
                        call.request.int32(InLayout.MKNOD_RDEV));
    }

    int makeDirectory(Call call) {
        return make(call, InLayout.MKDIR_NAME, InLayout.MKDIR_UMASK, directory);
    }

    private long directory(Call call) {
        return share.linux()
                .paths()
                .tryMakeDirectory(call.node().fd(), call.name, call.request.int32(InLayout.MKDIR_MODE) & 07777);
    }

    /** The text of a link is the guest's: never resolved here. */
    int makeSymlink(Call call) {
        int length = call.name(InLayout.ARGUMENTS);
        if (length < 0) {
            return length;
        }
        int at = InLayout.ARGUMENTS + length + 1;
        int text = call.request.text(at);
        if (text <= 0 || text > LINK_TEXT_MAX) {
            return text == 0 ? Errors.ENOENT : text < 0 ? text : Errors.ENAMETOOLONG;
        }
        if (at + text + 1 != call.request.end()) {
            return Errors.EINVAL;
        }
        call.newName.set(call.request.memory(), at);
        return make(call, InLayout.ARGUMENTS, 0, symlink);
    }

    private long symlink(Call call) {
        return share.linux().paths().tryMakeSymlink(call.newName, call.node().fd(), call.name);
    }

    /** One more name for a file; the file is the very one that the guest's node is, whatever it is called now. */
    int link(Call call) {
        int length = call.lastName(InLayout.LINK_NAME);
        if (length < 0) {
            return length;
        }
        int found = call.useOther(call.request.int64(InLayout.LINK_OLD));
        if (found < 0) {
            return found;
        }
        if ((share.state().nodes().mode(call.otherSlot) & Statx.S_IFMT) == Statx.S_IFDIR) {
            return Errors.EPERM;
        }
        return make(call, InLayout.LINK_NAME, 0, linked);
    }

    private long linked(Call call) {
        return call.self.tryLink(call.otherNode().fd(), call.node().fd(), call.name);
    }

    /**
     * Makes a name that must not be there.
     *
     * @param umaskAt where the guest's umask is; 0: it has none
     */
    private int make(Call call, int nameAt, int umaskAt, Making what) {
        int length = what == symlink ? call.name(nameAt) : call.lastName(nameAt);
        if (length < 0) {
            return length;
        }
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        if (isThere(call)) {
            if (call.wasBegun() && call.log.fact(0) == ABSENT) {
                call.counters.add(FsCounter.FOUND_DONE);
                return entry(call, call.name, length);
            }
            return Errors.EEXIST;
        }
        call.intend(ABSENT, 0, 0, 0);
        boolean masks = umaskAt != 0 && share.features().has(InitFlags.DONT_MASK);
        int refused = call.caller.enter(call.request, masks, masks ? call.request.int32(umaskAt) : 0);
        long result = refused < 0 ? refused : what.make(call);
        call.caller.leave();
        if (result < 0) {
            return (int) result;
        }
        call.effect();
        return entry(call, call.name, length);
    }

    /** Whether the name stands for something. */
    private boolean isThere(Call call) {
        return share.linux().paths().tryStat(call.node().fd(), call.name, call.other) == 0;
    }

    private int entry(Call call, Name name, int length) {
        return Entries.lookup(call, call.node().fd(), call.slot, name, length);
    }
}
