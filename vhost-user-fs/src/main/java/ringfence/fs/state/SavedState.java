package ringfence.fs.state;

import java.lang.foreign.MemorySegment;
import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.zip.CRC32C;

/**
 * A state as bytes, little-endian, for DEVICE_STATE:
 *
 * <pre>
 *  magic u64 | version u32 | checksum u32 (CRC32C of all that follows)
 *  begun u32 | minor u32 | flags u64 | max write u32 | nodes u32 | handles u32 | locks u32
 *  per node    id u64 | device u64 | inode u64 | mode u64 | lookups u64 | parent's id u64
 *              | length u8, name | length u8, file handle
 *  per handle  id u64 | node's id u64 | flags u64
 *  per lock    node's id u64 | owner u64 | first byte u64 | last byte u64 | kind u64
 * </pre>
 *
 * <p>Not the root: it is the daemon's own. Nor the numbers of sessions, nor the log, of which nothing is left when the
 * queues have stopped. The bytes are checked here for what they say of themselves; what the slots hold is checked by
 * {@link Adoption}, as that of a file is.
 */
final class SavedState {
    /** "RFFSSAVE". */
    private static final long MAGIC = 0x4556_4153_5346_4652L;

    private static final int VERSION = 2;
    private static final int BODY = 16;
    private static final int NODE_BYTES = 48;
    private static final int HANDLE_BYTES = 24;
    private static final int LOCK_BYTES = 40;
    private static final int COUNTS_END = BODY + 32;

    private final ByteBuffer saved;
    private final Session session;
    private final int nodes;
    private final int handles;
    private final int locks;
    private int nodesUsed = 1;
    private int handlesUsed;

    /** @throws StateException if it is none, or damaged */
    SavedState(ByteBuffer saved) {
        this.saved = saved.slice();
        try {
            ByteBuffer in = buffer();
            long magic = in.getLong();
            int version = in.getInt();
            if (magic != MAGIC || version != VERSION) {
                throw new StateException("saved state: magic=0x" + Long.toHexString(magic) + " version=" + version
                        + ", known is version " + VERSION);
            }
            if (in.getInt() != checksum(in.duplicate().position(Math.min(BODY, in.limit())))) {
                throw new StateException("saved state: " + in.limit() + " bytes with a wrong checksum");
            }
            int begun = in.getInt();
            session = new Session(0, begun == 1, in.getInt(), in.getLong(), in.getInt());
            nodes = in.getInt();
            handles = in.getInt();
            locks = in.getInt();
            boolean possible = nodes >= 0 && handles >= 0 && locks >= 0 && locks <= StateLayout.LOCKS;
            if (begun < 0 || begun > 1 || session.maxWrite() < 0 || !possible) {
                throw new StateException("saved state: begun=" + begun + " nodes=" + nodes + " handles=" + handles
                        + " locks=" + locks + " " + session);
            }
        } catch (BufferUnderflowException e) {
            throw tooShort();
        }
    }

    /** The most bytes that a state within these limits takes, or what a buffer can hold. */
    static int most(Limits limits) {
        long node = NODE_BYTES + 2L + StateLayout.MAX_NAME + StateLayout.MAX_FILE_HANDLE;
        long all = COUNTS_END
                + limits.nodes() * node
                + (long) limits.handles() * HANDLE_BYTES
                + (long) StateLayout.LOCKS * LOCK_BYTES;
        return (int) Math.min(all, Integer.MAX_VALUE);
    }

    /** @throws StateException if it has more bytes than remain there */
    static void save(
            Session session, Words words, NodeTable nodes, HandleTable handles, LockTable locks, ByteBuffer into) {
        ByteBuffer out = into.slice().order(ByteOrder.LITTLE_ENDIAN);
        try {
            out.position(BODY);
            out.putInt(session.begun() ? 1 : 0).putInt(session.minor()).putLong(session.flags());
            out.putInt(session.maxWrite())
                    .putInt(nodes.count() - 1)
                    .putInt(handles.count())
                    .putInt(locks.count());
            putNodes(out, words, nodes);
            putHandles(out, words, handles);
            putLocks(out, words, locks);
            int end = out.position();
            int sum = checksum(out.flip().position(BODY));
            out.rewind().putLong(MAGIC).putInt(VERSION).putInt(sum);
            into.position(into.position() + end);
        } catch (BufferOverflowException | IllegalArgumentException e) {
            throw new StateException(
                    "a state of " + nodes.count() + " nodes has more than " + out.capacity() + " bytes");
        }
    }

    private static void putNodes(ByteBuffer out, Words words, NodeTable nodes) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[StateLayout.MAX_NAME + 1]);
        nodes.forEach(slot -> {
            if (slot != NodeTable.ROOT) {
                long at = nodes.at(slot);
                out.putLong(nodes.id(slot)).putLong(nodes.device(slot)).putLong(nodes.inode(slot));
                out.putLong(words.get(at + StateLayout.NODE_MODE)).putLong(nodes.lookups(slot));
                out.putLong(words.get(at + StateLayout.NODE_PARENT));
                put(out, bytes, nodes.name(slot, bytes));
                put(out, bytes, nodes.fileHandle(slot, bytes));
            }
        });
    }

    private static void putHandles(ByteBuffer out, Words words, HandleTable handles) {
        handles.forEach(slot -> {
            long at = handles.at(slot);
            out.putLong(handles.id(slot)).putLong(words.get(at + StateLayout.HANDLE_NODE));
            out.putLong(words.get(at + StateLayout.HANDLE_FLAGS));
        });
    }

    private static void putLocks(ByteBuffer out, Words words, LockTable locks) {
        locks.forEach(slot -> {
            long at = locks.at(slot);
            out.putLong(locks.nodeId(slot)).putLong(locks.owner(slot));
            out.putLong(locks.start(slot)).putLong(locks.end(slot));
            out.putLong(words.get(at + StateLayout.LOCK_KIND));
        });
    }

    private static void put(ByteBuffer out, MemorySegment bytes, int length) {
        out.put((byte) length);
        out.put(bytes.asByteBuffer().limit(length));
    }

    /** Of what remains. */
    private static int checksum(ByteBuffer rest) {
        CRC32C sum = new CRC32C();
        sum.update(rest);
        return (int) sum.getValue();
    }

    private ByteBuffer buffer() {
        return saved.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** What INIT had settled; its number is 0. */
    Session session() {
        return session;
    }

    /** As {@link #write} has found it. */
    int nodesUsed() {
        return nodesUsed;
    }

    /** As {@link #write} has found it. */
    int handlesUsed() {
        return handlesUsed;
    }

    /** Slots of locks. */
    int locksUsed() {
        return locks;
    }

    /**
     * Writes its slots into a file in which none is in use.
     *
     * @param number of the session that will make them be
     * @throws StateException if they do not fit
     */
    void write(Words words, StateLayout layout, long number) {
        ByteBuffer in = buffer().position(COUNTS_END);
        try {
            writeNodes(in, words, layout, number);
            writeHandles(in, words, layout, number);
            writeLocks(in, words, layout, number);
        } catch (BufferUnderflowException e) {
            throw tooShort();
        }
        if (in.hasRemaining()) {
            throw new StateException("saved state: " + in.remaining() + " bytes more than it says");
        }
    }

    private void writeNodes(ByteBuffer in, Words words, StateLayout layout, long number) {
        BitSet seen = new BitSet();
        for (int i = 0; i < nodes; i++) {
            require(in, NODE_BYTES);
            long id = in.getLong();
            int slot = slot(seen, id, 1, layout.limits().nodes());
            long at = layout.node(slot);
            words.set(at + StateLayout.ID, id);
            words.set(at + StateLayout.NODE_DEVICE, in.getLong());
            words.set(at + StateLayout.NODE_INODE, in.getLong());
            words.set(at + StateLayout.NODE_MODE, in.getLong());
            words.set(at + StateLayout.NODE_LOOKUPS, in.getLong());
            words.set(at + StateLayout.NODE_PARENT, in.getLong());
            long lengths = bytes(in, words, at + StateLayout.NODE_NAME, StateLayout.MAX_NAME);
            lengths |= (long) bytes(in, words, at + StateLayout.NODE_FILE_HANDLE, StateLayout.MAX_FILE_HANDLE) << 16;
            words.set(at + StateLayout.NODE_LENGTHS, lengths);
            words.set(at + StateLayout.LIVES_IN, number);
            nodesUsed = Math.max(nodesUsed, slot + 1);
        }
    }

    private void writeHandles(ByteBuffer in, Words words, StateLayout layout, long number) {
        BitSet seen = new BitSet();
        for (int i = 0; i < handles; i++) {
            require(in, HANDLE_BYTES);
            long id = in.getLong();
            int slot = slot(seen, id, 0, layout.limits().handles());
            long at = layout.handle(slot);
            words.set(at + StateLayout.ID, id);
            words.set(at + StateLayout.HANDLE_NODE, in.getLong());
            words.set(at + StateLayout.HANDLE_FLAGS, in.getLong());
            words.set(at + StateLayout.LIVES_IN, number);
            handlesUsed = Math.max(handlesUsed, slot + 1);
        }
    }

    private void writeLocks(ByteBuffer in, Words words, StateLayout layout, long number) {
        for (int slot = 0; slot < locks; slot++) {
            require(in, LOCK_BYTES);
            long at = layout.lock(slot);
            words.set(at + StateLayout.LOCK_NODE, in.getLong());
            words.set(at + StateLayout.LOCK_OWNER, in.getLong());
            words.set(at + StateLayout.LOCK_START, in.getLong());
            words.set(at + StateLayout.LOCK_END, in.getLong());
            words.set(at + StateLayout.LOCK_KIND, in.getLong());
            words.set(at + StateLayout.LIVES_IN, number);
        }
    }

    private static int slot(BitSet seen, long id, int lowest, int limit) {
        int slot = (int) (id & StateLayout.SLOT_MASK);
        if (!StateLayout.isId(id, slot) || slot < lowest || seen.get(slot)) {
            throw new StateException("saved state: id 0x" + Long.toHexString(id) + " is none, or is there twice");
        }
        if (slot >= limit) {
            throw new StateException("saved state: id 0x" + Long.toHexString(id) + " is in slot " + slot
                    + ", there are " + limit + ": give this daemon as many as the other one had");
        }
        seen.set(slot);
        return slot;
    }

    private int bytes(ByteBuffer in, Words words, long at, int most) {
        int length = in.get() & 0xFF;
        require(in, length);
        if (length > most) {
            throw new StateException("saved state: " + length + " bytes where at most " + most + " can be");
        }
        WordBytes.store(words, at, MemorySegment.ofBuffer(in), 0, length);
        in.position(in.position() + length);
        return length;
    }

    private void require(ByteBuffer in, int bytes) {
        if (in.remaining() < bytes) {
            throw tooShort();
        }
    }

    private StateException tooShort() {
        return new StateException("saved state: " + saved.limit() + " bytes are fewer than it says");
    }
}
