package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;

/** A state for tests: with short forms of what it is asked to do, and a picture of all that can be seen of it. */
final class TestState implements AutoCloseable {
    static final int DIRECTORY = 0x4000 | 0755;
    static final int FILE = 0x8000 | 0644;
    static final long ROOT_INODE = 2;
    static final long DEVICE = 0x801;
    static final Limits SMALL = new Limits(24, 8, 2);

    final FsState state;
    final Kill kill;
    private final Linux linux = Linux.system();

    private TestState(FsState state, Kill kill) {
        this.state = state;
        this.kill = kill;
    }

    static TestState create(Linux linux, Limits limits) {
        Kill[] kill = new Kill[1];
        FsState state = FsState.create(linux, limits, words -> kill[0] = new Kill(words));
        state.root(DEVICE, ROOT_INODE, DIRECTORY);
        return new TestState(state, kill[0]);
    }

    static TestState adopt(Linux linux, Fd file) {
        return adopt(linux, file, Long.MAX_VALUE);
    }

    /** @param kill after so many stores, at the latest */
    static TestState adopt(Linux linux, Fd file, long kill) {
        Kill[] made = new Kill[1];
        FsState state = FsState.adopt(linux, file, words -> {
            made[0] = new Kill(words);
            made[0].after(kill);
            return made[0];
        });
        return new TestState(state, made[0]);
    }

    /** As DEVICE_STATE has it. */
    byte[] save() {
        ByteBuffer room = ByteBuffer.allocate(state.mostSaved());
        state.save(room);
        return Arrays.copyOf(room.array(), room.position());
    }

    /** What {@link #save} has made, or an enemy. */
    void load(byte[] saved) {
        state.load(ByteBuffer.wrap(saved));
    }

    /** What a supervisor would have of it now: the same bytes in another file. */
    Fd copyOfFile() {
        return copy(linux, state.file());
    }

    static Fd copy(Linux linux, Fd file) {
        long size = linux.files().stat(file).size();
        Fd copy = linux.memory().memfd("copy", size);
        linux.memory().seal(copy, Seal.SHRINK, Seal.GROW, Seal.SEAL);
        try (Mapping from = linux.memory().map(file, 0, size);
                Mapping to = linux.memory().map(copy, 0, size)) {
            to.segment().copyFrom(from.segment());
        }
        return copy;
    }

    /** The same file, adopted by a successor; this one must not be used any more. */
    TestState successor() {
        Fd file = state.file().duplicate();
        state.close();
        return adopt(linux, file);
    }

    static MemorySegment text(String text) {
        return MemorySegment.ofArray(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** A struct file_handle with this as its data. */
    static MemorySegment fileHandle(String data) {
        return text((char) data.length() + "\0\0\0\1\0\0\0" + data);
    }

    /** In the open transaction. */
    static int add(Transaction transaction, long inode, int mode, int parent, String name) {
        return transaction.addNode(
                DEVICE, inode, mode, parent, text(name), 0, name.length(), fileHandle("handle of " + inode));
    }

    /** In a transaction of its own. */
    int add(long inode, int mode, int parent, String name) {
        try (Transaction transaction = state.begin(0)) {
            int slot = add(transaction, inode, mode, parent, name);
            transaction.commit();
            return slot;
        }
    }

    int open(int node) {
        try (Transaction transaction = state.begin(0)) {
            int handle = transaction.open(node, 2, false);
            transaction.commit();
            return handle;
        }
    }

    /** In a transaction of its own, for process 7. @return false: no room, no such node */
    boolean lock(int node, long owner, boolean flock, long start, long end, int type) {
        try (Transaction transaction = state.begin(0)) {
            boolean done = transaction.lock(node, owner, flock, start, end, type, 7);
            transaction.commit();
            return done;
        }
    }

    boolean release(int handle) {
        try (Transaction transaction = state.begin(0)) {
            boolean freed = transaction.release(handle);
            transaction.commit();
            return freed;
        }
    }

    boolean forget(int slot, long less) {
        try (Transaction transaction = state.begin(0)) {
            boolean freed = transaction.forget(slot, less);
            transaction.commit();
            return freed;
        }
    }

    String name(int slot) {
        byte[] name = new byte[StateLayout.MAX_NAME];
        int length = state.nodes().name(slot, MemorySegment.ofArray(name));
        return new String(name, 0, length, StandardCharsets.ISO_8859_1);
    }

    String fileHandle(int slot) {
        byte[] handle = new byte[StateLayout.MAX_FILE_HANDLE];
        int length = state.nodes().fileHandle(slot, MemorySegment.ofArray(handle));
        return HexFormat.of().formatHex(handle, 0, length);
    }

    /** What the log of a queue knows of a request. */
    String past(int queue, long unique, int opcode) {
        RequestLog log = state.log(queue);
        RequestLog.Past past = log.past(unique, opcode);
        return switch (past) {
            case NEW -> "NEW";
            case BEGUN -> "BEGUN " + log.fact(0) + " " + log.fact(1) + " " + log.fact(2) + " " + log.fact(3);
            case DONE -> {
                byte[] reply = new byte[RequestLog.MAX_REPLY];
                int length = log.reply(MemorySegment.ofArray(reply));
                yield "DONE " + new String(reply, 0, length, StandardCharsets.ISO_8859_1);
            }
        };
    }

    /** All nodes in use. */
    List<Integer> nodes() {
        List<Integer> slots = new ArrayList<>();
        state.nodes().forEach(slots::add);
        return slots;
    }

    /** All that can be seen: session, nodes, handles. */
    String picture() {
        NodeTable nodes = state.nodes();
        HandleTable handles = state.handles();
        StringBuilder picture = new StringBuilder(state.session().toString());
        picture.append(' ').append(nodes.count()).append(' ').append(handles.count());
        TreeSet<Long> inodes = new TreeSet<>();
        nodes.forEach(slot -> {
            inodes.add(nodes.inode(slot));
            picture.append("\nnode ").append(slot).append(" id=").append(nodes.id(slot));
            picture.append(' ').append(nodes.device(slot)).append(':').append(nodes.inode(slot));
            picture.append(" mode=")
                    .append(nodes.mode(slot))
                    .append(" lookups=")
                    .append(nodes.lookups(slot));
            picture.append(" references=").append(nodes.references(slot));
            picture.append(" parent=").append(nodes.parent(slot)).append(' ').append(name(slot));
            picture.append(' ').append(fileHandle(slot)).append(' ').append(nodes.slot(nodes.id(slot)) == slot);
        });
        inodes.forEach(
                inode -> picture.append("\nfound ").append(inode).append(" in ").append(nodes.find(DEVICE, inode)));
        handles.forEach(slot -> {
            picture.append("\nhandle ").append(slot).append(" id=").append(handles.id(slot));
            picture.append(" node=")
                    .append(handles.node(slot))
                    .append(" flags=")
                    .append(handles.flags(slot));
            picture.append(' ').append(handles.isDirectory(slot)).append(' ').append(handles.slot(handles.id(slot)));
        });
        locks().forEach(lock -> picture.append("\nlock ").append(lock));
        return picture.toString();
    }

    /** All locks, in an order of their own. */
    TreeSet<String> locks() {
        LockTable locks = state.locks();
        TreeSet<String> all = new TreeSet<>();
        locks.forEach(slot -> all.add("node " + locks.node(slot) + " owner " + locks.owner(slot) + " "
                + locks.start(slot) + "-" + locks.end(slot) + (locks.type(slot) == LockTable.WRITE ? " write" : " read")
                + (locks.isFlock(slot) ? " flock " : " ") + locks.pid(slot)));
        assertThat(all).hasSize(locks.count());
        return all;
    }

    static MemorySegment nativeBytes(int size) {
        return Arena.ofAuto().allocate(size, 8);
    }

    @Override
    public void close() {
        state.close();
    }
}
