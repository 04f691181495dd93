package ringfence.fs.share;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.NodeTable;
import ringfence.fs.state.Transaction;
import ringfence.linux.Name;
import ringfence.linux.Statx;

/** Names and counts: LOOKUP, FORGET, BATCH_FORGET, READLINK. */
final class NameOps {
    /** Longest text of a symbolic link. */
    private static final int PATH_MAX = 4096;
    /** Nodes forgotten in one transaction. */
    private static final int BATCH = 64;

    private final Share share;
    private final Name empty = new Name();
    private final MemorySegment list = Arena.ofAuto().allocate((long) BATCH * InLayout.BATCH_ONE, 8);

    NameOps(Share share) {
        this.share = share;
    }

    int lookup(Call call) {
        int length = call.lastName(InLayout.ARGUMENTS);
        if (length < 0) {
            return length;
        }
        int found = call.useNode();
        return found < 0 ? found : Entries.lookup(call, call.node().fd(), call.slot, call.name, length);
    }

    int forget(Call call) {
        try (Transaction transaction = share.state().begin(call.queue)) {
            forget(transaction, call.request.node(), call.request.int64(InLayout.FORGET_LOOKUPS));
            call.commitSilently(transaction);
        }
        return Call.NO_REPLY;
    }

    /**
     * All that is there of it: a list that claims to be longer than the request ends with that. It goes in parts, read from the
     * guest one after the other; how far it has come is noted with each, and a successor goes on there.
     */
    int forgetBatch(Call call) {
        int room = (call.request.claimed() - InLayout.BATCH_FIRST) / InLayout.BATCH_ONE;
        int count = Math.min(room, Integer.MAX_VALUE & call.request.int32(InLayout.BATCH_COUNT));
        int i = call.wasBegun() ? Math.clamp(call.log.fact(0), 0, count) : 0;
        do {
            int part = Math.min(BATCH, count - i);
            long from = InLayout.BATCH_FIRST + (long) i * InLayout.BATCH_ONE;
            call.chain.copyIn(from, list, 0, (long) part * InLayout.BATCH_ONE);
            i += part;
            try (Transaction transaction = share.state().begin(call.queue)) {
                for (int k = 0; k < part; k++) {
                    long at = (long) k * InLayout.BATCH_ONE;
                    forget(transaction, list.get(ValueLayout.JAVA_LONG, at), list.get(ValueLayout.JAVA_LONG, at + 8));
                }
                if (i < count) {
                    call.commitPart(transaction, i);
                } else {
                    call.commitSilently(transaction);
                }
            }
        } while (i < count);
        return Call.NO_REPLY;
    }

    private void forget(Transaction transaction, long id, long lookups) {
        int slot = share.state().nodes().slot(id);
        if (slot != NodeTable.NONE) {
            transaction.forget(slot, lookups < 0 ? Long.MAX_VALUE : lookups);
        }
    }

    int readLink(Call call) {
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        if ((share.state().nodes().mode(call.slot) & Statx.S_IFMT) != Statx.S_IFLNK) {
            return Errors.EINVAL;
        }
        long result = share.linux()
                .paths()
                .tryReadLink(call.node().fd(), empty, call.reply.memory(), OutLayout.HEADER, PATH_MAX);
        if (result < 0) {
            return (int) result;
        }
        call.reply.memory().set(ValueLayout.JAVA_BYTE, OutLayout.HEADER + result, (byte) 0);
        call.reply.filled((int) result);
        return 0;
    }
}
