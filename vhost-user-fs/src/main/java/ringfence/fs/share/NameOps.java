package ringfence.fs.share;

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

    /** All that is here of it: a list that claims to be longer than the request ends with that. */
    int forgetBatch(Call call) {
        int room = (call.request.end() - InLayout.BATCH_FIRST) / InLayout.BATCH_ONE;
        int count = Math.min(room, Integer.MAX_VALUE & call.request.int32(InLayout.BATCH_COUNT));
        int i = 0;
        do {
            try (Transaction transaction = share.state().begin(call.queue)) {
                int end = Math.min(count, i + BATCH);
                for (; i < end; i++) {
                    int at = InLayout.BATCH_FIRST + i * InLayout.BATCH_ONE;
                    forget(transaction, call.request.int64(at), call.request.int64(at + 8));
                }
                if (i < count) {
                    transaction.commit();
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
