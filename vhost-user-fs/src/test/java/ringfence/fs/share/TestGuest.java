package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.fuse.OutLayout;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.virtio.queue.SplitQueue;
import ringfence.virtio.queue.Verdict;

/** A guest with one queue: lays out requests, hands them to an engine without a socket between, and reads the replies. */
final class TestGuest implements AutoCloseable {
    static final int RDWR = 2;
    static final int ROOM = 0x4_0000;

    private static final long RAM = 8 << 20;
    private static final long REQUEST = 0x2_0000;
    private static final long REPLY = 0x20_0000;
    private static final int SIZE = 256;
    private static final int REQUEST_ROOM = 0x1_0000;

    private final Fd fd;
    private final Mapping mapping;
    private final MemorySegment memory;
    private final GuestDriver driver;
    private final SplitQueue queue;
    private final ChainCursor chain = ChainCursor.forQueueSize(SIZE);
    /** Those that were sent later, by their heads. */
    private final Map<Integer, ChainCursor> later = new HashMap<>();

    private FsEngine engine;
    private long unique;
    /** Where the request and its reply are. */
    private long request = REQUEST;

    private long reply = REPLY;
    private int length;
    private long written;

    TestGuest(Linux linux) {
        fd = linux.memory().memfd("test-guest", RAM);
        mapping = linux.memory().map(fd, 0, RAM);
        memory = mapping.segment();
        MemoryTable table = MemoryTable.of(List.of(new Region(0, 0, RAM, mapping, 0, fd, 0)));
        QueueConfig config = GuestDriver.place(0x1000, SIZE, true, true);
        driver = GuestDriver.direct(config, table);
        queue = SplitQueue.start(config, table, QueueState.FRESH);
    }

    void engine(FsEngine other) {
        engine = other;
    }

    // ---- any request --------------------------------------------------------------------------------------------

    TestGuest begin(Opcode opcode, long node) {
        memory.asSlice(request, 8192).fill((byte) 0);
        int32(4, opcode.number());
        unique += 2;
        int64(8, unique);
        int64(16, node);
        length = InLayout.HEADER;
        return this;
    }

    TestGuest int32(int at, int value) {
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, request + at, value);
        length = Math.max(length, at + 4);
        return this;
    }

    TestGuest int64(int at, long value) {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, request + at, value);
        length = Math.max(length, at + 8);
        return this;
    }

    /** Bytes at the end. */
    TestGuest bytes(byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, request + length, bytes.length);
        length += bytes.length;
        return this;
    }

    TestGuest upTo(int end) {
        length = Math.max(length, end);
        return this;
    }

    TestGuest text(String text) {
        return bytes((text + "\0").getBytes(StandardCharsets.UTF_8));
    }

    /** Sends it as it is. @return 0, or minus the errno */
    int send() {
        return send(length, ROOM);
    }

    int send(int claimed, int room) {
        int32(0, claimed);
        return again(room);
    }

    /** Sends the last one once more, as a successor would find it. */
    int again() {
        return again(ROOM);
    }

    private int again(int room) {
        assertThat(driver.begin(room > 0 ? 2 : 1)).isTrue();
        driver.readable(request, length);
        if (room > 0) {
            driver.writable(reply, room);
        }
        driver.offer(7);
        driver.publish();
        assertThat(queue.poll(chain)).isEqualTo(Verdict.CHAIN);
        submit();
        if (written == 0) {
            return 0;
        }
        assertThat(memory.get(ValueLayout.JAVA_LONG, reply + 8)).isEqualTo(unique);
        assertThat((long) memory.get(ValueLayout.JAVA_INT, reply)).isEqualTo(written);
        return memory.get(ValueLayout.JAVA_INT, reply + 4);
    }

    // ---- requests that wait -------------------------------------------------------------------------------------

    /** Where requests and replies are from now on: one that waits keeps its place. */
    void slot(int number) {
        request = REQUEST + (long) number * REQUEST_ROOM;
        reply = REPLY + (long) number * ROOM;
    }

    /** Sends it; it may wait. @return its head */
    int sendLater() {
        int32(0, length);
        assertThat(driver.begin(2)).isTrue();
        driver.readable(request, length);
        driver.writable(reply, ROOM);
        int head = driver.offer(7);
        driver.publish();
        ChainCursor own = ChainCursor.forQueueSize(SIZE);
        assertThat(queue.poll(own)).isEqualTo(Verdict.CHAIN);
        later.put(head, own);
        engine.submit(own, queue::complete);
        return head;
    }

    /** Whether a chain has been completed and not been looked at. */
    boolean isAnswered() {
        return driver.hasUsed();
    }

    /** Gives a chain that is in flight to another engine. */
    void sendAgain(int head) {
        engine.submit(later.get(head), queue::complete);
    }

    /** The engine's turn. @return the error of the reply in this slot, or 1: nothing is answered */
    int turn() {
        engine.reap(queue::complete);
        return answeredLate();
    }

    /** @return the error of the reply in this slot, or 1: nothing is answered */
    int answeredLate() {
        if (driver.reap() < 0) {
            return 1;
        }
        written = driver.written();
        return result();
    }

    /** Turns of the engine until something is answered. @return its error, or 1: it takes longer than so many milliseconds */
    int await(int millis) throws InterruptedException {
        int result = turn();
        for (int i = 0; result == 1 && i < millis; i++) {
            Thread.sleep(1);
            result = turn();
        }
        return result;
    }

    /** The queue stops. */
    void stop(boolean recorded) {
        engine.letGo(recorded, queue::complete);
        assertThat(engine.inFlight()).isZero();
    }

    private void submit() {
        engine.submit(chain, queue::complete);
        collect();
    }

    private void collect() {
        assertThat(driver.reap()).isNotNegative();
        written = driver.written();
    }

    /** After an engine has died in the middle: the same chain, to its successor. @return 0, or minus the errno */
    int replay() {
        submit();
        return result();
    }

    /** The same chain, to an engine whose two predecessors have died with it. @return 0, or minus the errno */
    int refused() {
        engine.refuse(chain, queue::complete);
        collect();
        return result();
    }

    /** After an engine has died with the last request completed. @return 0, or minus the errno */
    int late() {
        collect();
        return result();
    }

    private int result() {
        return written == 0 ? 0 : memory.get(ValueLayout.JAVA_INT, reply + 4);
    }

    /** Gives the last request another number, so that it is not taken for the same again. */
    void nextUnique() {
        unique += 2;
        memory.set(ValueLayout.JAVA_LONG, request + 8, unique);
    }

    /** The last chain, as it was; for who submits it again and again. */
    ChainCursor chain() {
        return chain;
    }

    long answer(int at) {
        return memory.get(ValueLayout.JAVA_LONG_UNALIGNED, reply + OutLayout.HEADER + at);
    }

    int answer32(int at) {
        return memory.get(ValueLayout.JAVA_INT_UNALIGNED, reply + OutLayout.HEADER + at);
    }

    byte[] answered() {
        return memory.asSlice(reply + OutLayout.HEADER, written - OutLayout.HEADER)
                .toArray(ValueLayout.JAVA_BYTE);
    }

    long written() {
        return written;
    }

    long unique() {
        return unique;
    }

    // ---- requests -----------------------------------------------------------------------------------------------

    void init() {
        init(InitFlags.INIT_EXT | InitFlags.MAX_PAGES | InitFlags.SETXATTR_EXT | InitFlags.HANDLE_KILLPRIV_V2);
    }

    void init(long flags) {
        begin(Opcode.INIT, 0).int32(InLayout.INIT_MAJOR, 7).int32(InLayout.INIT_MINOR, 38);
        int32(InLayout.INIT_FLAGS, (int) flags).int32(InLayout.INIT_FLAGS2, (int) (flags >>> 32));
        assertThat(upTo(InLayout.HEADER + 64).send()).isZero();
    }

    TestGuest named(Opcode opcode, long node, String name) {
        return begin(opcode, node).text(name);
    }

    int lookup(long parent, String name) {
        return named(Opcode.LOOKUP, parent, name).send();
    }

    /** A lookup that finds it. @return the node */
    long found(long parent, String name) {
        assertThat(lookup(parent, name)).as(name).isZero();
        return node();
    }

    long node() {
        return answer(OutLayout.ENTRY_NODE);
    }

    /** Of an entry that was the last reply. */
    int attribute(int at) {
        return answer32(OutLayout.ENTRY_ATTR + at);
    }

    TestGuest mkdir(long parent, String name) {
        return begin(Opcode.MKDIR, parent)
                .int32(InLayout.MKDIR_MODE, 0755)
                .upTo(InLayout.MKDIR_NAME)
                .text(name);
    }

    TestGuest mknod(long parent, String name) {
        return begin(Opcode.MKNOD, parent)
                .int32(InLayout.MKNOD_MODE, 0100644)
                .upTo(InLayout.MKNOD_NAME)
                .text(name);
    }

    TestGuest symlink(long parent, String name, String target) {
        return begin(Opcode.SYMLINK, parent).text(name).text(target);
    }

    TestGuest link(long node, long parent, String name) {
        return begin(Opcode.LINK, parent).int64(InLayout.LINK_OLD, node).text(name);
    }

    TestGuest create(long parent, String name, int flags) {
        return begin(Opcode.CREATE, parent)
                .int32(InLayout.CREATE_FLAGS, flags)
                .int32(InLayout.CREATE_MODE, 0644)
                .upTo(InLayout.CREATE_NAME)
                .text(name);
    }

    TestGuest rename(long parent, String name, long to, String newName, int flags) {
        return begin(Opcode.RENAME2, parent)
                .int64(InLayout.RENAME_NEWDIR, to)
                .int32(InLayout.RENAME2_FLAGS, flags)
                .upTo(InLayout.RENAME2_NAMES)
                .text(name)
                .text(newName);
    }

    TestGuest unlink(long parent, String name) {
        return named(Opcode.UNLINK, parent, name);
    }

    TestGuest rmdir(long parent, String name) {
        return named(Opcode.RMDIR, parent, name);
    }

    int getattr(long node) {
        return begin(Opcode.GETATTR, node).upTo(InLayout.HEADER + 16).send();
    }

    /** @return the handle */
    long open(long node, int flags) {
        assertThat(begin(Opcode.OPEN, node)
                        .int32(InLayout.OPEN_FLAGS, flags)
                        .upTo(InLayout.HEADER + 8)
                        .send())
                .isZero();
        return answer(OutLayout.OPEN_FH);
    }

    long opendir(long node) {
        assertThat(begin(Opcode.OPENDIR, node).upTo(InLayout.HEADER + 8).send()).isZero();
        return answer(OutLayout.OPEN_FH);
    }

    TestGuest write(long node, long handle, long offset, byte[] data) {
        return begin(Opcode.WRITE, node)
                .int64(InLayout.FH, handle)
                .int64(InLayout.WRITE_OFFSET, offset)
                .int32(InLayout.WRITE_SIZE, data.length)
                .upTo(InLayout.WRITE_DATA)
                .bytes(data);
    }

    TestGuest read(long node, long handle, long offset, int size) {
        return begin(Opcode.READ, node)
                .int64(InLayout.FH, handle)
                .int64(InLayout.READ_OFFSET, offset)
                .int32(InLayout.READ_SIZE, size)
                .upTo(InLayout.HEADER + 40);
    }

    TestGuest list(Opcode opcode, long node, long handle, long offset, int size) {
        return begin(opcode, node)
                .int64(InLayout.FH, handle)
                .int64(InLayout.READ_OFFSET, offset)
                .int32(InLayout.READ_SIZE, size)
                .upTo(InLayout.HEADER + 40);
    }

    TestGuest lock(Opcode opcode, long node, long handle, long owner, long start, long end, int type) {
        return begin(opcode, node)
                .int64(InLayout.FH, handle)
                .int64(InLayout.LK_OWNER, owner)
                .int64(InLayout.LK_START, start)
                .int64(InLayout.LK_END, end)
                .int32(InLayout.LK_TYPE, type)
                .int32(InLayout.LK_PID, (int) owner + 1000)
                .upTo(InLayout.HEADER + 48);
    }

    TestGuest flock(Opcode opcode, long node, long handle, long owner, int type) {
        return lock(opcode, node, handle, owner, 0, Long.MAX_VALUE, type).int32(InLayout.LK_FLAGS, FuseFlags.LK_FLOCK);
    }

    TestGuest flush(long node, long handle, long owner) {
        return begin(Opcode.FLUSH, node)
                .int64(InLayout.FH, handle)
                .int64(InLayout.FLUSH_OWNER, owner)
                .upTo(InLayout.HEADER + 24);
    }

    TestGuest interrupt(long other) {
        return begin(Opcode.INTERRUPT, 0).int64(InLayout.INTERRUPT_UNIQUE, other);
    }

    /** As virtio has it, without room for a reply. */
    void sendSilently() {
        send(length, 0);
    }

    int release(long node, long handle) {
        return begin(Opcode.RELEASE, node)
                .int64(InLayout.FH, handle)
                .upTo(InLayout.HEADER + 24)
                .send();
    }

    void forget(long node, long lookups) {
        begin(Opcode.FORGET, node).int64(InLayout.FORGET_LOOKUPS, lookups).send(length, 0);
    }

    /** Names of a whole directory. */
    List<String> names(Opcode opcode, long node) {
        long handle = opendir(node);
        List<String> names = new ArrayList<>();
        long offset = 0;
        int head = opcode == Opcode.READDIRPLUS ? OutLayout.ENTRY : 0;
        while (true) {
            assertThat(list(opcode, node, handle, offset, 1000).send()).isZero();
            if (written == OutLayout.HEADER) {
                break;
            }
            for (int at = head; at < written - OutLayout.HEADER; ) {
                int bytes = answer32(at + OutLayout.DIRENT_NAMELEN);
                byte[] name = memory.asSlice(reply + OutLayout.HEADER + at + OutLayout.DIRENT, bytes)
                        .toArray(ValueLayout.JAVA_BYTE);
                names.add(new String(name, StandardCharsets.UTF_8));
                offset = answer(at + OutLayout.DIRENT_OFF);
                at += head + OutLayout.DIRENT + bytes + 7 & ~7;
            }
        }
        release(node, handle);
        return names;
    }

    @Override
    public void close() {
        mapping.close();
        fd.close();
    }
}
