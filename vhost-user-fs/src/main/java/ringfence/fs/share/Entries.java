package ringfence.fs.share;

import java.lang.foreign.MemorySegment;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.NodeTable;
import ringfence.fs.state.Transaction;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Name;
import ringfence.linux.OpenFlag;

/** How a name becomes a node. Free of state. */
final class Entries {
    private static final int NODE = OpenFlag.PATH.bits() | OpenFlag.NOFOLLOW.bits();

    private Entries() {}

    /**
     * Finds the node that a name of a directory stands for, counts it, and lays out the reply of LOOKUP and of all that make a
     * name.
     *
     * @param parent slot of the directory
     * @param length of the name
     * @return 0, or minus the errno
     */
    static int lookup(Call call, Fd directory, int parent, Name name, int length) {
        Share share = call.share;
        long result = share.linux().paths().tryStat(directory, name, call.stat);
        if (result < 0) {
            return (int) result;
        }
        try (Transaction transaction = share.state().begin(call.queue)) {
            int slot = share.state().nodes().find(call.stat.device(), call.stat.inode());
            if (slot != NodeTable.NONE && share.tree().nodes().peek(slot) != null) {
                known(call, transaction, slot, parent, name, length);
                reply(call, slot);
                call.commit(transaction);
                return 0;
            }
        }
        OpenFile file = open(call, directory, name);
        return file == null ? call.openError : admit(call, file, parent, name, length);
    }

    /**
     * Opens what a name stands for as a node, and looks at it: the call's {@code stat}.
     *
     * @return null: the call's {@code openError} says why
     */
    static OpenFile open(Call call, Fd directory, Name name) {
        Share share = call.share;
        if (!share.tree().budget().tryTake()) {
            return refused(call, -Errno.ENFILE.number());
        }
        return opened(call, tryOpen(call, directory, name));
    }

    /** Opens what a name stands for with O_PATH. @return the descriptor, or minus the errno */
    static long tryOpen(Call call, Fd directory, Name name) {
        return call.share.linux().paths().tryOpen(directory, name, call.how.set(NODE, 0));
    }

    /** Opens a file that is open already as a node. As {@link #open}. */
    static OpenFile reopen(Call call, Fd file) {
        if (!call.share.tree().budget().tryTake()) {
            return refused(call, -Errno.ENFILE.number());
        }
        return opened(call, call.self.tryOpen(file, OpenFlag.PATH.bits()));
    }

    /** A node for a file that has just been made, with its handle's descriptor. As {@link #open}. */
    static OpenFile lent(Call call, OpenFile handle) {
        return call.share.tree().budget().tryTake()
                ? looked(call, handle.lend())
                : refused(call, -Errno.ENFILE.number());
    }

    private static OpenFile opened(Call call, long fd) {
        Share share = call.share;
        if (fd < 0) {
            share.tree().budget().give();
            return refused(call, fd);
        }
        return looked(
                call, new OpenFile(share.linux().paths().own(fd), share.tree().budget()));
    }

    private static OpenFile looked(Call call, OpenFile file) {
        long result = call.share.linux().attributes().tryStat(file.fd(), call.stat);
        if (result < 0) {
            file.release();
            return refused(call, result);
        }
        return file;
    }

    private static OpenFile refused(Call call, long result) {
        if (result == -Errno.ENFILE.number() || result == -Errno.EMFILE.number()) {
            call.counters.add(FsCounter.FULL);
            call.openError = -Errno.ENFILE.number();
        } else {
            call.openError = (int) result;
        }
        return null;
    }

    /** Makes a node of what was opened, unless it is one, counts it, lays out the reply. @return 0, or minus the errno */
    static int admit(Call call, OpenFile file, int parent, Name name, int length) {
        int refused = Identity.take(call, file);
        if (refused < 0) {
            file.release();
            return refused;
        }
        boolean taken = false;
        try (Transaction transaction = call.share.state().begin(call.queue)) {
            int slot = known(call, file);
            if (slot == NodeTable.NONE) {
                slot = add(call, transaction, parent, name, length);
            } else {
                known(call, transaction, slot, parent, name, length);
            }
            if (slot == NodeTable.NONE) {
                call.counters.add(FsCounter.FULL);
                return -Errno.ENFILE.number();
            }
            if (call.share.tree().nodes().peek(slot) == null) {
                call.share.tree().nodes().put(slot, file);
                taken = true;
            }
            reply(call, slot);
            call.commit(transaction);
            return 0;
        } finally {
            if (!taken) {
                file.release();
            }
        }
    }

    /** The node of an open file, of the call's {@code stat} and {@code identity}, or NONE. Under the lock. */
    static int known(Call call, OpenFile file) {
        NodeTable nodes = call.share.state().nodes();
        int slot = nodes.find(call.stat.device(), call.stat.inode());
        boolean certain = slot == NodeTable.NONE || call.share.tree().nodes().peek(slot) != null;
        return certain || Identity.isSame(call, slot, file) ? slot : NodeTable.NONE;
    }

    /** Adds a node for the call's {@code stat} and {@code identity}. @return its slot, or NONE */
    static int add(Call call, Transaction transaction, int parent, Name name, int length) {
        return transaction.addNode(
                call.stat.device(),
                call.stat.inode(),
                call.stat.mode(),
                parent,
                name.segment(),
                name.at(),
                length,
                call.identity);
    }

    /** Counts a node that was seen, and notes where. */
    static void known(Call call, Transaction transaction, int slot, int parent, Name name, int length) {
        transaction.lookedUp(slot, 1);
        if (slot == NodeTable.ROOT) {
            return;
        }
        if (parent != NodeTable.NONE && !isRecorded(call, slot, parent, name, length)) {
            transaction.moved(slot, parent, name.segment(), name.at(), length);
        }
    }

    /** Whether a node was last seen under this name. */
    static boolean isRecorded(Call call, int slot, int parent, Name name, int length) {
        NodeTable nodes = call.share.state().nodes();
        return nodes.parent(slot) == parent
                && nodes.name(slot, call.scratch) == length
                && MemorySegment.mismatch(call.scratch, 0, length, name.segment(), name.at(), name.at() + length) < 0;
    }

    private static void reply(Call call, int slot) {
        call.reply.body(OutLayout.ENTRY);
        Attributes.entry(
                call.reply.memory(),
                OutLayout.HEADER,
                call.share.state().nodes().id(slot),
                call.stat,
                call.share);
    }
}
