package ringfence.fs.cli;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.fuse.OutLayout;
import ringfence.linux.Errno;
import ringfence.linux.EventFd;
import ringfence.virtio.queue.GuestDriver;

/** A guest's side of FUSE, as far as {@link FsTraining} needs it: one request at a time, each must end as expected. */
final class TrainingGuest {
    private static final long REQUEST = 0x2_0000;
    private static final long REPLY = 0x8_0000;
    private static final int ROOM = 0x4_0000;
    private static final int RDWR = 2;

    private final MemorySegment memory;
    private final GuestDriver driver;
    private final EventFd kick;
    private long unique;

    TrainingGuest(MemorySegment memory, GuestDriver driver, EventFd kick) {
        this.memory = memory;
        this.driver = driver;
        this.kick = kick;
    }

    private void int32(int at, int value) {
        memory.set(ValueLayout.JAVA_INT, REQUEST + at, value);
    }

    private void int64(int at, long value) {
        memory.set(ValueLayout.JAVA_LONG, REQUEST + at, value);
    }

    private int text(int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, REQUEST + at, bytes.length);
        memory.set(ValueLayout.JAVA_BYTE, REQUEST + at + bytes.length, (byte) 0);
        return at + bytes.length + 1;
    }

    /** A word of the last reply, behind its header. */
    long answer(int at) {
        return memory.get(ValueLayout.JAVA_LONG, REPLY + OutLayout.HEADER + at);
    }

    /** Bytes of the last reply, behind its header. */
    private int answered() {
        return memory.get(ValueLayout.JAVA_INT, REPLY) - OutLayout.HEADER;
    }

    private void begin(Opcode opcode, long node) {
        memory.asSlice(REQUEST, 256).fill((byte) 0);
        int32(4, opcode.number());
        int64(8, ++unique * 2);
        int64(16, node);
    }

    private void send(int length) {
        send(length, 0);
    }

    /** @param expected number of the error, negative, or 0 */
    private void send(int length, int expected) {
        int32(0, length);
        driver.begin(2);
        driver.readable(REQUEST, length);
        driver.writable(REPLY, ROOM);
        driver.offer(0);
        if (driver.publish()) {
            kick.signal();
        }
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (driver.reap() < 0) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("a request does not end");
            }
            Thread.yield(); // the build's machine may have nothing to spare
        }
        int error = memory.get(ValueLayout.JAVA_INT, REPLY + 4);
        if (error != expected) {
            throw new IllegalStateException("request " + memory.get(ValueLayout.JAVA_INT, REQUEST + 4) + ": " + error);
        }
    }

    void init() {
        begin(Opcode.INIT, 0);
        int32(InLayout.INIT_MAJOR, FuseFlags.MAJOR);
        int32(InLayout.INIT_MINOR, FuseFlags.MAX_MINOR);
        int32(InLayout.INIT_FLAGS, (int) (InitFlags.INIT_EXT | InitFlags.DO_READDIRPLUS | InitFlags.MAX_PAGES));
        send(InLayout.HEADER + 64);
    }

    long mkdir(long parent, String name) {
        begin(Opcode.MKDIR, parent);
        int32(InLayout.MKDIR_MODE, 0755);
        send(text(InLayout.MKDIR_NAME, name));
        return answer(OutLayout.ENTRY_NODE);
    }

    void create(long parent, String name) {
        begin(Opcode.CREATE, parent);
        int32(InLayout.CREATE_FLAGS, RDWR);
        int32(InLayout.CREATE_MODE, 0644);
        send(text(InLayout.CREATE_NAME, name));
    }

    void lookup(long parent, String name) {
        begin(Opcode.LOOKUP, parent);
        send(text(InLayout.ARGUMENTS, name));
    }

    /** Of what is not there, as a guest does before it makes it. */
    void lookupInVain(long parent, String name) {
        begin(Opcode.LOOKUP, parent);
        send(text(InLayout.ARGUMENTS, name), -Errno.ENOENT.number());
    }

    /** Has no reply. */
    void forget(long node, long lookups) {
        begin(Opcode.FORGET, node);
        int64(InLayout.FORGET_LOOKUPS, lookups);
        send(InLayout.HEADER + 8);
    }

    void getattr(long node) {
        begin(Opcode.GETATTR, node);
        send(InLayout.HEADER + 16);
    }

    void chmod(long node, int mode) {
        begin(Opcode.SETATTR, node);
        int32(InLayout.SETATTR_VALID, FuseFlags.FATTR_MODE);
        int32(InLayout.SETATTR_MODE, mode);
        send(InLayout.HEADER + 88);
    }

    long open(long node) {
        begin(Opcode.OPEN, node);
        send(InLayout.HEADER + 8);
        return answer(OutLayout.OPEN_FH);
    }

    void read(long node, long handle, int size) {
        begin(Opcode.READ, node);
        int64(InLayout.FH, handle);
        int32(InLayout.READ_SIZE, size);
        send(InLayout.HEADER + 40);
    }

    void write(long node, long handle, int size) {
        begin(Opcode.WRITE, node);
        int64(InLayout.FH, handle);
        int32(InLayout.WRITE_SIZE, size);
        send(InLayout.WRITE_DATA + size);
    }

    void release(long node, long handle) {
        begin(Opcode.RELEASE, node);
        int64(InLayout.FH, handle);
        send(InLayout.HEADER + 24);
    }

    void rename(long parent, String name, String other) {
        begin(Opcode.RENAME2, parent);
        int64(InLayout.RENAME_NEWDIR, parent);
        send(text(text(InLayout.RENAME2_NAMES, name), other));
    }

    void unlink(long parent, String name) {
        begin(Opcode.UNLINK, parent);
        send(text(InLayout.ARGUMENTS, name));
    }

    void rmdir(long parent, String name) {
        begin(Opcode.RMDIR, parent);
        send(text(InLayout.ARGUMENTS, name));
    }

    /** All of a directory, with nodes. */
    void list(long node) {
        begin(Opcode.OPENDIR, node);
        send(InLayout.HEADER + 8);
        long handle = answer(OutLayout.OPEN_FH);
        long offset = 0;
        do {
            begin(Opcode.READDIRPLUS, node);
            int64(InLayout.FH, handle);
            int64(InLayout.READ_OFFSET, offset);
            int32(InLayout.READ_SIZE, 4096);
            send(InLayout.HEADER + 40);
            offset = last(offset);
        } while (answered() > 0);
        begin(Opcode.RELEASEDIR, node);
        int64(InLayout.FH, handle);
        send(InLayout.HEADER + 24);
    }

    /** Where to read on behind the last entry. */
    private long last(long before) {
        long offset = before;
        for (int at = 0; at < answered(); ) {
            long entry = REPLY + OutLayout.HEADER + at + OutLayout.ENTRY;
            offset = memory.get(ValueLayout.JAVA_LONG, entry + OutLayout.DIRENT_OFF);
            int length = memory.get(ValueLayout.JAVA_INT, entry + OutLayout.DIRENT_NAMELEN);
            at += OutLayout.ENTRY + OutLayout.DIRENT + length + 7 & ~7;
        }
        return offset;
    }
}
