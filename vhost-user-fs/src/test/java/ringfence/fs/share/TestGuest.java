package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
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
    private static final int SIZE = 64;

    private final Fd fd;
    private final Mapping mapping;
    private final MemorySegment memory;
    private final GuestDriver driver;
    private final SplitQueue queue;
    private final ChainCursor chain = ChainCursor.forQueueSize(SIZE);
    private FsEngine engine;
    private long unique;
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
        memory.asSlice(REQUEST, 8192).fill((byte) 0);
        int32(4, opcode.number());
        unique += 2;
        int64(8, unique);
        int64(16, node);
        length = InLayout.HEADER;
        return this;
    }

    TestGuest int32(int at, int value) {
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, REQUEST + at, value);
        length = Math.max(length, at + 4);
        return this;
    }

    TestGuest int64(int at, long value) {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, REQUEST + at, value);
        length = Math.max(length, at + 8);
        return this;
    }

    /** Bytes at the end. */
    TestGuest bytes(byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, REQUEST + length, bytes.length);
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
        driver.readable(REQUEST, length);
        if (room > 0) {
            driver.writable(REPLY, room);
        }
        driver.offer(7);
        driver.publish();
        assertThat(queue.poll(chain)).isEqualTo(Verdict.CHAIN);
        submit();
        if (written == 0) {
            return 0;
        }
        assertThat(memory.get(ValueLayout.JAVA_LONG, REPLY + 8)).isEqualTo(unique);
        assertThat((long) memory.get(ValueLayout.JAVA_INT, REPLY)).isEqualTo(written);
        return memory.get(ValueLayout.JAVA_INT, REPLY + 4);
    }

    private void submit() {
        engine.submit(chain, queue::complete);
        assertThat(driver.reap()).isNotNegative();
        written = driver.written();
    }

    /** After an engine has died in the middle: the same chain, to its successor. @return 0, or minus the errno */
    int replay() {
        submit();
        return written == 0 ? 0 : memory.get(ValueLayout.JAVA_INT, REPLY + 4);
    }

    /** Gives the last request another number, so that it is not taken for the same again. */
    void nextUnique() {
        unique += 2;
        memory.set(ValueLayout.JAVA_LONG, REQUEST + 8, unique);
    }

    /** The last chain, as it was; for who submits it again and again. */
    ChainCursor chain() {
        return chain;
    }

    long answer(int at) {
        return memory.get(ValueLayout.JAVA_LONG_UNALIGNED, REPLY + OutLayout.HEADER + at);
    }

    int answer32(int at) {
        return memory.get(ValueLayout.JAVA_INT_UNALIGNED, REPLY + OutLayout.HEADER + at);
    }

    byte[] answered() {
        return memory.asSlice(REPLY + OutLayout.HEADER, written - OutLayout.HEADER)
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
                byte[] name = memory.asSlice(REPLY + OutLayout.HEADER + at + OutLayout.DIRENT, bytes)
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
