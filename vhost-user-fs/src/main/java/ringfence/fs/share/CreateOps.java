package ringfence.fs.share;

import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.HandleTable;
import ringfence.fs.state.NodeTable;
import ringfence.fs.state.Transaction;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.Name;
import ringfence.linux.OpenFlag;
import ringfence.linux.Statx;

/**
 * Files that are made and opened at once: CREATE, TMPFILE. The node of a file that we have just made shares the handle's
 * descriptor until RELEASE, for which the guest does not wait. So it takes two system calls, and nobody can have put another
 * file in its place between them.
 */
final class CreateOps {
    /** A fact: nobody has looked. */
    private static final long UNKNOWN = 0;
    /** A fact: nothing was there. */
    private static final long ABSENT = 1;

    private static final int EXCLUSIVE = OpenFlag.CREAT.bits() | OpenFlag.EXCL.bits() | OpenFlag.NOFOLLOW.bits();

    private final Share share;
    private final HandleOps handles;
    private final Unlinked unlinked;
    private final Name empty = new Name();

    CreateOps(Share share, HandleOps handles) {
        this.share = share;
        this.handles = handles;
        unlinked = new Unlinked(share);
    }

    /**
     * Makes a file and opens it. One that is there is opened, unless the guest says O_EXCL: somebody else on the host may
     * have made it since the guest looked.
     */
    int create(Call call) {
        int length = call.lastName(InLayout.CREATE_NAME);
        if (length < 0) {
            return length;
        }
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        int flags = call.request.int32(InLayout.CREATE_FLAGS);
        return (flags & OpenFlag.EXCL.bits()) != 0 ? exclusive(call, flags, length) : shared(call, flags, length);
    }

    /** Done twice, it is as if it had been done once: whoever has made the file, it is opened. */
    private int shared(Call call, int flags, int length) {
        call.intend(UNKNOWN, 0, 0, 0);
        long fd = make(call, flags);
        return fd == Errors.EEXIST ? existing(call, flags, length) : made(call, fd, flags, length);
    }

    /** A successor must know whether it was us who made it. */
    private int exclusive(Call call, int flags, int length) {
        long there = share.linux().paths().tryStat(call.node().fd(), call.name, call.other);
        if (there == Errors.ENOENT) {
            call.intend(ABSENT, 0, 0, 0);
            return made(call, make(call, flags), flags, length);
        }
        if (there < 0) {
            return (int) there;
        }
        if (call.wasBegun() && call.log.fact(0) == ABSENT) {
            call.counters.add(FsCounter.FOUND_DONE);
            return existing(call, flags & ~OpenFlag.TRUNC.bits(), length);
        }
        return Errors.EEXIST;
    }

    private long make(Call call, int flags) {
        if (!share.tree().budget().tryTake()) {
            call.counters.add(FsCounter.FULL);
            return Errors.ENFILE;
        }
        int host = OpenFlags.host(
                flags, share.options().directIo(), share.features().has(InitFlags.WRITEBACK_CACHE));
        boolean masks = share.features().has(InitFlags.DONT_MASK);
        int refused = call.caller.enter(call.request, masks, masks ? call.request.int32(InLayout.CREATE_UMASK) : 0);
        long fd = refused < 0
                ? refused
                : share.linux()
                        .paths()
                        .tryOpen(
                                call.node().fd(),
                                call.name,
                                call.how.set(host | EXCLUSIVE, call.request.int32(InLayout.CREATE_MODE) & 07777));
        call.caller.leave();
        if (fd < 0) {
            share.tree().budget().give();
        }
        return fd;
    }

    private int made(Call call, long fd, int flags, int length) {
        if (fd < 0) {
            return (int) fd;
        }
        call.effect();
        OpenFile data = new OpenFile(share.linux().paths().own(fd), share.tree().budget());
        OpenFile node = Entries.lent(call, data);
        if (node == null) {
            data.release();
            return call.openError;
        }
        return publish(call, node, data, flags, call.slot, call.name, length);
    }

    /** Opens what is there, if it is a regular file. */
    private int existing(Call call, int flags, int length) {
        OpenFile node = Entries.open(call, call.node().fd(), call.name);
        if (node == null) {
            return call.openError;
        }
        int type = call.stat.mode() & Statx.S_IFMT;
        if (type != Statx.S_IFREG) {
            node.release();
            return type == Statx.S_IFDIR ? Errors.EISDIR : type == Statx.S_IFLNK ? Errors.ELOOP : Errors.ENXIO;
        }
        boolean kill = (call.request.int32(InLayout.CREATE_MORE) & FuseFlags.OPEN_KILL_SUIDGID) != 0;
        OpenFile data = handles.open(call, node.fd(), flags & ~EXCLUSIVE, kill);
        if (data == null) {
            node.release();
            return call.openError;
        }
        if ((flags & OpenFlag.TRUNC.bits()) != 0) {
            share.linux().attributes().tryStat(node.fd(), call.stat);
        }
        return publish(call, node, data, flags, call.slot, call.name, length);
    }

    int temporary(Call call) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        int flags = call.request.int32(InLayout.CREATE_FLAGS);
        if (!share.tree().budget().tryTake()) {
            call.counters.add(FsCounter.FULL);
            return Errors.ENFILE;
        }
        int host = OpenFlags.host(
                flags, share.options().directIo(), share.features().has(InitFlags.WRITEBACK_CACHE));
        boolean masks = share.features().has(InitFlags.DONT_MASK);
        int refused = call.caller.enter(call.request, masks, masks ? call.request.int32(InLayout.CREATE_UMASK) : 0);
        int how = host & ~OpenFlag.NOCTTY.bits() | OpenFlag.TMPFILE.bits() | flags & OpenFlag.EXCL.bits();
        long fd = refused < 0
                ? refused
                : call.self.tryOpenUnnamed(call.node().fd(), how, call.request.int32(InLayout.CREATE_MODE) & 07777);
        call.caller.leave();
        OpenFile data = handles.own(call, fd);
        if (data == null) {
            return call.openError;
        }
        OpenFile node = Entries.reopen(call, data.fd());
        if (node == null) {
            data.release();
            return call.openError;
        }
        return publish(call, node, data, flags, NodeTable.NONE, empty, 0);
    }

    /** Makes a node and a handle of what is open; both are owned from now on. Lays out the reply. */
    private int publish(Call call, OpenFile node, OpenFile data, int flags, int parent, Name name, int length) {
        int refused = Identity.take(call, node);
        if (refused < 0) {
            node.release();
            data.release();
            return refused;
        }
        if (parent == NodeTable.NONE) {
            node.byHandle(false); // its descriptor is all that it is found by
        }
        boolean nodeTaken = false;
        boolean dataTaken = false;
        try (Transaction transaction = share.state().begin(call.queue)) {
            int slot = Entries.known(call, node);
            if (slot == NodeTable.NONE) {
                slot = Entries.add(call, transaction, parent, name, length);
            } else {
                Entries.known(call, transaction, slot, parent, name, length);
            }
            int handle = slot == NodeTable.NONE ? HandleTable.NONE : transaction.open(slot, flags, false);
            if (handle == HandleTable.NONE) {
                call.counters.add(FsCounter.FULL);
                return Errors.ENFILE;
            }
            if (share.tree().nodes().peek(slot) == null) {
                share.tree().nodes().put(slot, node);
                nodeTaken = true;
            }
            share.tree().handles().put(handle, data);
            dataTaken = true;
            if (parent == NodeTable.NONE) {
                unlinked.keep(call, slot);
            }
            reply(call, slot, handle, flags);
            call.commit(transaction);
            return 0;
        } finally {
            if (!nodeTaken) {
                node.release();
            }
            if (!dataTaken) {
                data.release();
            }
        }
    }

    private void reply(Call call, int slot, int handle, int flags) {
        call.reply.body(OutLayout.ENTRY + OutLayout.OPEN);
        Attributes.entry(
                call.reply.memory(), OutLayout.HEADER, share.state().nodes().id(slot), call.stat, share);
        handles.reply(call, OutLayout.ENTRY, handle, flags, false);
    }
}
