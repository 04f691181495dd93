package ringfence.telemetry;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersReader;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Stat;

/**
 * What a file of counters held at one moment: each number is whole, but they are not all of the same instant.
 *
 * @param program who writes it
 * @param title what the program says of itself; empty: nothing
 * @param pid its process
 * @param ticks when that process began, see {@link ProcessStat}
 * @param started when it made the file
 * @param ended when it ended; empty: it did not, or had no time to say so
 * @param values in the order in which they were made
 */
public record CountersReading(
        String program,
        String title,
        long pid,
        long ticks,
        Instant started,
        Optional<Instant> ended,
        List<Value> values) {
    /** Most counters of a file that is read: 13 MiB, which is more than a switch with all of its ports may have. */
    private static final int MOST = 20_000;

    /**
     * One counter.
     *
     * @param type {@link CounterType#id}
     * @param kind what kind of number
     * @param bound of a bucket, in nanoseconds; of the last one {@link Long#MAX_VALUE}
     * @param index of its owner among its kind
     * @param owner its name
     * @param label {@link CounterType#label}
     * @param help {@link CounterType#help}
     */
    public record Value(
            int type, CounterKind kind, long bound, int index, String owner, String label, String help, long value) {
        /** The label, and which part it is of a histogram. */
        public String name() {
            return switch (kind) {
                case TOTAL, GAUGE -> label;
                case SUM -> label + "-sum-ns";
                case BUCKET -> bound == Long.MAX_VALUE ? label + "-more" : label + "<=" + bound + "ns";
            };
        }
    }

    /** The same, of this owner and its queues alone. */
    public CountersReading of(String owner) {
        List<Value> own = values.stream()
                .filter(value -> value.owner().startsWith(owner + "/"))
                .toList();
        return new CountersReading(program, title, pid, ticks, started, ended, own);
    }

    /** Whether the process that writes it is there, if only as one that was stopped. */
    public boolean isAlive() {
        return ended.isEmpty()
                && ProcessStat.of(pid)
                        .filter(stat -> stat.ticks() == ticks && stat.state() != 'Z')
                        .isPresent();
    }

    /**
     * Reads a file; its writer need not run, and does not notice. What the file says is checked: its writer may be broken, or
     * lie.
     *
     * @param option its name, for messages
     * @throws IllegalArgumentException with one line for the user
     */
    public static CountersReading of(Linux linux, String option, Path file) {
        // read, not mapped: a file that is cut harms nobody. Linux on x86-64 copies eight bytes at once
        try (Fd fd = linux.files().open(file.toString(), OpenFlag.RDONLY, OpenFlag.NONBLOCK, OpenFlag.NOFOLLOW);
                Arena arena = Arena.ofConfined()) {
            Stat stat = linux.files().stat(fd);
            if (!stat.isRegular() || stat.size() <= CountersLayout.HEADER || stat.size() > CountersLayout.size(MOST)) {
                throw none(option, file);
            }
            return read(new Source(linux, fd, arena), stat.size());
        } catch (ErrnoException e) {
            throw new IllegalArgumentException(
                    option + "=" + file + ": cannot be read, name what a daemon's --counters names", e);
        } catch (IndexOutOfBoundsException e) {
            IllegalArgumentException refused = none(option, file);
            refused.initCause(e);
            throw refused;
        }
    }

    private static IllegalArgumentException none(String option, Path file) {
        return new IllegalArgumentException(
                option + "=" + file + ": no file of counters, name what a daemon's --counters names");
    }

    /** Whether this header is of our version. */
    static boolean isHeader(UnsafeBuffer all) {
        return all.getLong(CountersLayout.MAGIC_AT) == CountersLayout.MAGIC
                && all.getInt(CountersLayout.VERSION_AT) == CountersLayout.VERSION;
    }

    /** A file, of which only what is asked for is read. */
    private record Source(Linux linux, Fd fd, Arena arena) {
        /** @throws IndexOutOfBoundsException if there is less */
        UnsafeBuffer read(long from, int length) {
            MemorySegment bytes = arena.allocate(length, Long.BYTES);
            long got = 0;
            while (got < length) {
                long more = linux.files().tryRead(fd, bytes, got, length - got, from + got);
                if (more <= 0) {
                    throw new IndexOutOfBoundsException("end");
                }
                got += more;
            }
            return new UnsafeBuffer(bytes.asByteBuffer());
        }
    }

    private static CountersReading read(Source file, long size) {
        UnsafeBuffer all = file.read(0, CountersLayout.HEADER);
        int capacity = all.getInt(CountersLayout.CAPACITY_AT);
        if (!isHeader(all) || capacity < 1 || capacity > MOST || CountersLayout.size(capacity) != size) {
            throw new IndexOutOfBoundsException("header");
        }
        int ever = CountersLayout.ever(all, capacity);
        UnsafeBuffer metadata = file.read(CountersLayout.HEADER, CountersLayout.metadata(ever));
        UnsafeBuffer values =
                file.read(CountersLayout.HEADER + CountersLayout.metadata(capacity), CountersLayout.values(ever));
        List<Value> found = new ArrayList<>();
        for (int id = 0; id < ever; id++) {
            int at = CountersReader.metaDataOffset(id);
            if (metadata.getInt(at) == CountersReader.RECORD_ALLOCATED) {
                found.add(value(metadata, at, values.getLong(CountersReader.counterOffset(id))));
            }
        }
        long ended = all.getLong(CountersLayout.ENDED_AT);
        return new CountersReading(
                printable(text(all, CountersLayout.NAME_AT, CountersLayout.MAX_NAME)),
                printable(text(all, CountersLayout.TITLE_AT, CountersLayout.MAX_TITLE)),
                all.getLong(CountersLayout.PID_AT),
                all.getLong(CountersLayout.TICKS_AT),
                Instant.ofEpochMilli(all.getLong(CountersLayout.STARTED_AT)),
                ended == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(ended)),
                List.copyOf(found));
    }

    /** @throws IndexOutOfBoundsException if it makes no sense */
    static Value value(UnsafeBuffer metadata, int at, long value) {
        int kind = metadata.getInt(at + CountersLayout.KIND_AT);
        if (kind < 0 || kind >= CounterKind.values().length) {
            throw new IndexOutOfBoundsException("kind");
        }
        String[] words = text(metadata, at + CountersReader.LABEL_OFFSET, CountersReader.MAX_LABEL_LENGTH)
                .split(" ", 3);
        if (words.length < 3) {
            throw new IndexOutOfBoundsException("label");
        }
        return new Value(
                metadata.getInt(at + CountersReader.TYPE_ID_OFFSET),
                CounterKind.values()[kind],
                metadata.getLong(at + CountersLayout.BOUND_AT),
                metadata.getInt(at + CountersLayout.INDEX_AT),
                printable(words[0]),
                printable(words[1]),
                printable(words[2]),
                value);
    }

    private static String text(UnsafeBuffer from, int at, int most) {
        int length = from.getInt(at);
        if (length < 0 || length > most) {
            throw new IndexOutOfBoundsException("text");
        }
        return from.getStringWithoutLengthAscii(at + Integer.BYTES, length);
    }

    /** It goes to a terminal. */
    private static String printable(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
                return text.replaceAll("[^ -~]", "?");
            }
        }
        return text; // as is usual, and there are thousands
    }
}
