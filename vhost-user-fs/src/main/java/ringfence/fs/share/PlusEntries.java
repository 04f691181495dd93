package ringfence.fs.share;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.NodeTable;
import ringfence.fs.state.Transaction;
import ringfence.fs.tree.DirectoryStream;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.Fd;
import ringfence.linux.HandleCalls;
import ringfence.linux.Name;

/**
 * The entries of one READDIRPLUS: looked at one by one, then made nodes and counted in one transaction. One per queue, reused;
 * one owner thread; allocates nothing for nodes that are known.
 */
final class PlusEntries {
    /** Of one reply: what a transaction surely takes. */
    private static final int MAX = 400;

    private static final int NAME_ROOM = 256;

    private final Share share;
    private final Name name = new Name();
    private final MemorySegment names = Arena.ofAuto().allocate((long) MAX * NAME_ROOM);
    private final MemorySegment identities = Arena.ofAuto().allocate((long) MAX * HandleCalls.MAX, 8);
    private final OpenFile[] files = new OpenFile[MAX];
    private final long[] devices = new long[MAX];
    private final long[] inodes = new long[MAX];
    private final int[] modes = new int[MAX];
    private final int[] lengths = new int[MAX];
    private final long[] places = new long[MAX];
    private int count;

    PlusEntries(Share share) {
        this.share = share;
    }

    void begin() {
        count = 0;
    }

    boolean hasRoom() {
        return count < MAX;
    }

    /** Looks at an entry, and lays out what it is at {@code at}; without a node, if it cannot be had or is a dot. */
    void add(Call call, Fd directory, DirectoryStream stream, int length, long at) {
        if (isDots(stream, length)) {
            return;
        }
        name.set(stream.names(), stream.nameAt());
        OpenFile file = null;
        // an inode number that we know makes it likely, though not certain, that the node is known
        if (!isKnown(call, share.state().nodes().device(call.slot), stream.inode())
                || share.linux().paths().tryStat(directory, name, call.stat) < 0
                || !isKnown(call, call.stat.device(), call.stat.inode())) {
            file = Entries.open(call, directory, name);
            if (file == null) {
                return;
            }
            if (Identity.take(call, file) < 0) {
                file.release();
                return;
            }
            MemorySegment.copy(call.identity, 0, identities, (long) count * HandleCalls.MAX, HandleCalls.MAX);
        }
        MemorySegment.copy(stream.names(), stream.nameAt(), names, (long) count * NAME_ROOM, length + 1L);
        files[count] = file;
        devices[count] = call.stat.device();
        inodes[count] = call.stat.inode();
        modes[count] = call.stat.mode();
        lengths[count] = length;
        places[count] = at;
        Attributes.entry(call.reply.memory(), at, 0, call.stat, share);
        count++;
    }

    private boolean isKnown(Call call, long device, long inode) {
        try (var _ = share.state().begin(call.queue)) {
            int slot = share.state().nodes().find(device, inode);
            return slot != NodeTable.NONE && share.tree().nodes().peek(slot) != null;
        }
    }

    private static boolean isDots(DirectoryStream stream, int length) {
        return length <= 2
                && stream.names().get(ValueLayout.JAVA_BYTE, stream.nameAt()) == '.'
                && (length == 1 || stream.names().get(ValueLayout.JAVA_BYTE, stream.nameAt() + 1L) == '.');
    }

    /** Makes nodes of them, and the reply the guest's. @return 0 */
    int commit(Call call) {
        try (Transaction transaction = share.state().begin(call.queue)) {
            for (int i = 0; i < count; i++) {
                long id = node(call, transaction, i);
                if (id != 0) {
                    call.reply.memory().set(ValueLayout.JAVA_LONG, places[i] + OutLayout.ENTRY_NODE, id);
                } else { // the guest knows nothing of it but the name, and looks it up if it wants to
                    call.reply.memory().asSlice(places[i], OutLayout.ENTRY).fill((byte) 0);
                }
            }
            call.commit(transaction);
        }
        return 0;
    }

    private long node(Call call, Transaction transaction, int i) {
        NodeTable nodes = share.state().nodes();
        MemorySegment identity = identities.asSlice((long) i * HandleCalls.MAX, HandleCalls.MAX);
        int slot = nodes.find(devices[i], inodes[i]);
        boolean open = slot != NodeTable.NONE && share.tree().nodes().peek(slot) != null;
        if (!open && files[i] == null) {
            return 0; // known when we looked, forgotten since
        }
        name.set(names, (long) i * NAME_ROOM);
        if (!open && slot != NodeTable.NONE && !isSame(call, slot, i)) {
            slot = NodeTable.NONE;
        }
        if (slot == NodeTable.NONE) {
            slot = transaction.addNode(
                    devices[i], inodes[i], modes[i], call.slot, names, name.at(), lengths[i], identity);
            if (slot == NodeTable.NONE) {
                call.counters.add(FsCounter.FULL);
                return 0;
            }
        } else {
            Entries.known(call, transaction, slot, call.slot, name, lengths[i]);
        }
        if (!open) {
            share.tree().nodes().put(slot, files[i]);
            files[i] = null;
        }
        return nodes.id(slot);
    }

    private boolean isSame(Call call, int slot, int i) {
        MemorySegment.copy(identities, (long) i * HandleCalls.MAX, call.identity, 0, HandleCalls.MAX);
        return Identity.isSame(call, slot, files[i]);
    }

    /** Lets go of what was opened and has become no node. */
    void end() {
        for (int i = 0; i < count; i++) {
            if (files[i] != null) {
                files[i].release();
                files[i] = null;
            }
        }
        count = 0;
    }
}
