package ringfence.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.Mapping;
import ringfence.linux.OpenFlag;
import ringfence.linux.Syscall;

/**
 * Records what happens, in a ring of its own. Any thread may record: it waits for nobody, allocates nothing and makes no
 * system call. The memory stays mapped until the process ends, so that a thread may record at any time.
 */
public final class RingWriter implements AutoCloseable {
    private final Linux linux;
    private final Path path;
    private final Fd file;
    private final UnsafeBuffer header;
    private final ManyToOneRingBuffer ring;
    private final long start = System.nanoTime();
    private boolean closed;

    private RingWriter(Linux linux, Path path, Fd file, Mapping mapping) {
        this.linux = linux;
        this.path = path;
        this.file = file;
        int trailer = JournalLayout.trailer(JournalLayout.CAPACITY);
        UnsafeBuffer all = new UnsafeBuffer(mapping.segment().asByteBuffer());
        header = new UnsafeBuffer(all, 0, JournalLayout.PAGE);
        ring = new ManyToOneRingBuffer(new UnsafeBuffer(
                all, JournalLayout.PAGE, trailer - JournalLayout.PAGE + RingBufferDescriptor.TRAILER_LENGTH));
    }

    /**
     * Makes a ring, with all of its pages, so that no record can find the file system full.
     *
     * @param folder made if it is not there, mode 0700
     * @param label what the VM may be found by, such as the path of its API's socket; cut to 1024 chars
     * @throws IOException if the folder or the file cannot be made
     * @throws ErrnoException the same, as the kernel says it
     */
    public static RingWriter create(Linux linux, Path folder, String label) throws IOException {
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        long pid = ProcessHandle.current().pid();
        long started = System.currentTimeMillis();
        String name = Rings.name(pid, started);
        Path fresh = folder.resolve('.' + name); // no reader looks at it
        Fd file = linux.files()
                .open(fresh.toString(), 0600, OpenFlag.RDWR, OpenFlag.CREAT, OpenFlag.EXCL, OpenFlag.NOFOLLOW);
        Mapping mapping = null;
        try {
            int size = JournalLayout.size(JournalLayout.CAPACITY);
            long allocated = linux.files().tryAllocate(file, 0, 0, size);
            if (allocated < 0) {
                throw new ErrnoException(Syscall.FALLOCATE, Errno.of(-allocated), fresh.toString());
            }
            linux.files().tryLock(file, LockType.WRITE, 0, 0); // nobody else knows of it
            mapping = linux.memory().map(file, 0, size);
            Path path = folder.resolve(name + Rings.SUFFIX);
            RingWriter writer = new RingWriter(linux, path, file, mapping);
            writer.introduce(pid, started, label);
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
            return writer;
        } catch (IOException | RuntimeException e) {
            if (mapping != null) {
                mapping.close();
            }
            file.close();
            Files.deleteIfExists(fresh);
            throw e;
        }
    }

    private void introduce(long pid, long started, String label) {
        header.putInt(JournalLayout.VERSION_AT, JournalLayout.VERSION);
        header.putInt(JournalLayout.CAPACITY_AT, JournalLayout.CAPACITY);
        header.putLong(JournalLayout.PID_AT, pid);
        header.putLong(JournalLayout.STARTED_AT, started);
        put(header, JournalLayout.LABEL_AT, label);
        header.putLongRelease(JournalLayout.MAGIC_AT, JournalLayout.MAGIC);
    }

    /** Where the ring is. */
    public Path path() {
        return path;
    }

    /**
     * Records an event, or drops and counts it if there is no room.
     *
     * @param properties keys and values in turns, at most 5 of each; what is more is left out. Each text is cut to 1024 chars
     * @return whether it is recorded
     */
    public boolean record(String source, String event, List<String> properties) {
        int count = Math.min(properties.size(), JournalLayout.MAX_TEXTS - 2);
        int length = JournalLayout.TEXTS_AT + bytes(source) + bytes(event);
        for (int i = 0; i < count; i++) {
            length += bytes(properties.get(i));
        }
        long lost =
                header.getLongVolatile(JournalLayout.LOST_AT) == 0 ? 0 : header.getAndSetLong(JournalLayout.LOST_AT, 0);
        int claim = ring.tryClaim(JournalLayout.TYPE, length);
        if (claim < 0) {
            header.getAndAddLong(JournalLayout.LOST_AT, lost + 1);
            return false;
        }
        AtomicBuffer buffer = ring.buffer();
        buffer.putLong(claim + JournalLayout.NANOS_AT, System.nanoTime() - start);
        buffer.putLong(claim + JournalLayout.MILLIS_AT, System.currentTimeMillis());
        buffer.putLong(claim + JournalLayout.RECORD_LOST_AT, lost);
        int at = put(buffer, put(buffer, claim + JournalLayout.TEXTS_AT, source), event);
        for (int i = 0; i < count; i++) {
            at = put(buffer, at, properties.get(i));
        }
        ring.commit(claim);
        return true;
    }

    private static int chars(String text) {
        return Math.min(text.length(), JournalLayout.MAX_CHARS);
    }

    private static int bytes(String text) {
        return Short.BYTES + chars(text) * Character.BYTES;
    }

    /** @return where the next one goes */
    private static int put(AtomicBuffer buffer, int start, String text) {
        int count = chars(text);
        buffer.putShort(start, (short) count);
        int at = start + Short.BYTES;
        for (int i = 0; i < count; i++) {
            buffer.putChar(at, text.charAt(i));
            at += Character.BYTES;
        }
        return at;
    }

    /** Lets go of the ring: from now on it counts as one whose VMM is gone. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            linux.files().tryLock(file, LockType.NONE, 0, 0); // the mapping would keep it
            file.close();
        }
    }
}
