package ringfence.journal;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Optional;
import org.agrona.BitUtil;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.agrona.concurrent.ringbuffer.RingBuffer;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.Mapping;
import ringfence.linux.OpenFlag;
import ringfence.linux.Stat;

/**
 * Reads a ring whose writer may be alive, dead, or lying. A position counts bytes since the ring was made. One thread.
 *
 * <p>Everything is read by pread(2), which gets less of a file that was cut, and harms nobody. Only the two positions that a
 * consumer writes are mapped, since a store of them has to be whole: if the file is cut at that moment, {@link #consume}, or
 * what its thread does next, throws an {@link InternalError}.
 */
public final class RingReader implements AutoCloseable {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final int ALIGNMENT = RecordDescriptor.ALIGNMENT;
    private static final int HEADER = RecordDescriptor.HEADER_LENGTH;

    private final Linux linux;
    private final Fd file;
    private final Arena arena = Arena.ofConfined();
    private final int capacity;
    private final Optional<Mapping> header; // of the reader that consumes, as the next one
    private final Optional<Mapping> trailer;
    private final MemorySegment bytes; // what was read last, or zeros to be written

    private RingReader(Linux linux, Fd file, boolean consuming, Path path) throws RingException {
        this.linux = linux;
        this.file = file;
        bytes = arena.allocate(Math.max(JournalLayout.MAX_RECORD, JournalLayout.MIN_CAPACITY), ALIGNMENT);
        try {
            capacity = capacity(path);
        } catch (CutException _) {
            throw new RingException(path + ": no ring");
        }
        header = consuming ? Optional.of(linux.memory().map(file, 0, JournalLayout.PAGE)) : Optional.empty();
        trailer = consuming
                ? Optional.of(linux.memory().map(file, JournalLayout.trailer(capacity), JournalLayout.PAGE))
                : Optional.empty();
    }

    /**
     * Opens a ring.
     *
     * @param consuming whether this reader is the one that consumes
     * @throws RingException if it is none
     */
    public static RingReader open(Linux linux, Path path, boolean consuming) throws RingException {
        Fd file = null;
        try {
            file = linux.files()
                    .open(
                            path.toString(),
                            consuming ? OpenFlag.RDWR : OpenFlag.RDONLY,
                            OpenFlag.NOFOLLOW,
                            OpenFlag.NONBLOCK);
            return new RingReader(linux, file, consuming, path);
        } catch (RingException | ErrnoException e) {
            if (file != null) {
                file.close();
            }
            throw e instanceof RingException known ? known : new RingException(path + ": " + e.getMessage());
        }
    }

    private int capacity(Path path) throws RingException, CutException {
        Stat stat = linux.files().stat(file);
        long magic = word(JournalLayout.MAGIC_AT);
        long versionAndCapacity = word(JournalLayout.VERSION_AT);
        int found = (int) (versionAndCapacity >>> Integer.SIZE);
        if (!stat.isRegular() || magic != JournalLayout.MAGIC || (int) versionAndCapacity != JournalLayout.VERSION) {
            throw new RingException(path + ": no ring of version " + JournalLayout.VERSION);
        }
        if (!BitUtil.isPowerOfTwo(found)
                || found < JournalLayout.MIN_CAPACITY
                || found > JournalLayout.MAX_CAPACITY
                || stat.size() < JournalLayout.size(found)) {
            throw new RingException(path + ": a ring of " + found + " bytes in a file of " + stat.size());
        }
        return found;
    }

    /** What its VM may be found by; empty: nothing, or a lie. */
    public String label() {
        try {
            int length = JournalLayout.PAGE - JournalLayout.LABEL_AT;
            return JournalEvent.firstText(copy(JournalLayout.LABEL_AT, length));
        } catch (CutException _) {
            return "";
        }
    }

    /** Whether its writer is gone. */
    public boolean isAbandoned() {
        return !linux.files().wouldConflict(file, LockType.WRITE, 0, 0);
    }

    /** How many records were dropped after the last one that is there; not negative. */
    public long lost() {
        return Math.max(0, known(JournalLayout.LOST_AT));
    }

    /** From where on there is something to be read, as far as is known. */
    public long begin() {
        return Math.max(known(JournalLayout.CONSUMED_AT), head());
    }

    /** Up to where it was consumed, as Agrona's producers know it. */
    public long head() {
        return known(JournalLayout.trailer(capacity) + JournalLayout.HEAD);
    }

    /** Up to where it is claimed. */
    public long tail() {
        return known(JournalLayout.trailer(capacity) + JournalLayout.TAIL);
    }

    /** 0, where the file was cut. */
    private long known(int offset) {
        try {
            return word(offset);
        } catch (CutException _) {
            return 0;
        }
    }

    /**
     * Looks at a position.
     *
     * @param abandoned whether the writer is gone, as {@link #isAbandoned} has said before: what it did not commit is passed
     */
    public Step at(long position, boolean abandoned) {
        try {
            Step step = look(position, abandoned);
            // what another one has consumed was perhaps cleared, or written anew, while it was read
            boolean mine = header.isPresent() || word(JournalLayout.CONSUMED_AT) - position <= 0;
            return mine ? step : Step.Nothing.NOTHING;
        } catch (CutException _) {
            return new Step.Broken("its file was cut");
        }
    }

    private Step look(long position, boolean abandoned) throws CutException {
        long tail = word(JournalLayout.trailer(capacity) + JournalLayout.TAIL);
        long claimed = tail - position;
        if (claimed < 0 || claimed > capacity) {
            return new Step.Broken("it ends at " + tail + ", read up to " + position);
        }
        return claimed == 0 ? Step.Nothing.NOTHING : look(position, (int) claimed, abandoned);
    }

    private Step look(long position, int claimed, boolean abandoned) throws CutException {
        int index = (int) (position & capacity - 1);
        int most = Math.min(claimed, capacity - index);
        long word = word(JournalLayout.PAGE + index);
        int length = (int) word;
        if (length <= 0) {
            return abandoned ? passed(position, index, length, most) : Step.Nothing.NOTHING;
        }
        int whole = BitUtil.align(length, ALIGNMENT);
        if (length < HEADER || whole > most || whole < 0) {
            return new Step.Broken("a record of " + length + " bytes at " + position + ", " + most + " are claimed");
        }
        if (word >>> Integer.SIZE == (RingBuffer.PADDING_MSG_TYPE_ID & 0xFFFF_FFFFL)) {
            return new Step.Passed(position + whole);
        }
        int taken = Math.min(length - HEADER, JournalLayout.MAX_RECORD);
        return new Step.Taken(copy(JournalLayout.PAGE + index + HEADER, taken), position + whole);
    }

    /** Past what a dead writer has claimed: as much as it said, or up to the next thing that anybody has said. */
    private Step passed(long position, int index, int length, int most) throws CutException {
        if (length < 0) {
            int whole = BitUtil.align(-length, ALIGNMENT);
            return whole < HEADER || whole > most
                    ? new Step.Broken("a claim of " + -(long) length + " bytes at " + position)
                    : new Step.Passed(position + whole);
        }
        int gap = ALIGNMENT;
        while (gap < most && word(JournalLayout.PAGE + index + gap) == 0) {
            gap += ALIGNMENT;
        }
        return new Step.Passed(position + gap);
    }

    /** Eight bytes that are written by one store, read until they are the same twice: so no half of a store is taken. */
    private long word(int offset) throws CutException {
        long last;
        long word = read(offset);
        do {
            last = word;
            word = read(offset);
        } while (word != last);
        return word;
    }

    private long read(int offset) throws CutException {
        read(offset, Long.BYTES);
        return bytes.get(ValueLayout.JAVA_LONG, 0);
    }

    private byte[] copy(int offset, int length) throws CutException {
        read(offset, length);
        byte[] copy = new byte[length];
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, copy, 0, length);
        return copy;
    }

    private void read(int offset, int length) throws CutException {
        if (length > 0 && linux.files().tryRead(file, bytes, 0, length, offset) != length) {
            throw new CutException();
        }
    }

    /**
     * Gives room back to the writer, up to a position that {@link #at} has named. For the reader that consumes.
     *
     * @return false: the ring is broken
     */
    public boolean consume(long position) {
        long from = head();
        if (position - from < 0
                || position - from > capacity
                || linux.files().stat(file).size() < JournalLayout.size(capacity)) {
            return false;
        }
        LONG.setVolatile(header.orElseThrow().segment(), (long) JournalLayout.CONSUMED_AT, position);
        bytes.fill((byte) 0);
        while (from < position) {
            int index = (int) (from & capacity - 1);
            long length = Math.min(Math.min(position - from, capacity - index), bytes.byteSize());
            long done = linux.files().tryWrite(file, bytes, 0, length, JournalLayout.PAGE + (long) index);
            if (done <= 0) {
                return false;
            }
            from += done;
        }
        LONG.setVolatile(trailer.orElseThrow().segment(), (long) JournalLayout.HEAD, position);
        return true;
    }

    @Override
    public void close() {
        header.ifPresent(Mapping::close);
        trailer.ifPresent(Mapping::close);
        file.close();
        arena.close();
    }

    private static final class CutException extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
