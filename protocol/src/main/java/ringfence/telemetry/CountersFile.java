package ringfence.telemetry;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersReader;

/**
 * A program's counters in a file, for others to read. The file stays when the program has ended, with that noted in it, and
 * its successor goes on where it stood. Made and closed by one thread; the counters may be written until the end of the
 * process, whatever has been closed.
 */
public final class CountersFile implements AutoCloseable {
    private final UnsafeBuffer header;
    private final Counters counters;
    private final Clock clock;

    /**
     * Opens the file, and makes it with all of its pages where it is missing. One that an earlier program of this name and
     * capacity has left is gone on with, in its place, and so is an empty one, which somebody has made for us, and one whose
     * maker was killed at it; one that another program has left is replaced, anything else is left alone. Everybody who may
     * enter the directory may read one that is made here.
     *
     * @param option its name, for messages
     * @param program who writes it, ASCII, at most 64 characters
     * @param capacity most counters, 1 to 2^20
     * @throws IllegalArgumentException with one line for the user
     */
    public static CountersFile create(String option, Path file, String program, int capacity, Clock clock) {
        return create(option, file, program, capacity, clock, false);
    }

    /**
     * The same, but the file takes memory for the counters that there are, not for all that there may be. One that finds the
     * file system full is counted all the same, and not seen.
     */
    public static CountersFile sparse(String option, Path file, String program, int capacity, Clock clock) {
        return create(option, file, program, capacity, clock, true);
    }

    private static CountersFile create(
            String option, Path file, String program, int capacity, Clock clock, boolean sparse) {
        if (program.length() > CountersLayout.MAX_NAME || capacity < 1 || capacity > CountersLayout.MAX_CAPACITY) {
            throw new IllegalArgumentException("program=" + program + " capacity=" + capacity);
        }
        Form form = new Form(program, capacity, clock, sparse);
        try {
            Optional<CountersFile> there = goOn(option, file, form);
            return there.isPresent() ? there.get() : anew(file, form);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    option + "=" + file + ": cannot be made (" + reason(e) + "), name a file in a directory of yours",
                    e);
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is no such directory";
            case AccessDeniedException _ -> "not permitted";
            default -> e.getMessage();
        };
    }

    /** @return empty: there is none, or another program's */
    private static Optional<CountersFile> goOn(String option, Path file, Form form) throws IOException {
        int size = form.size();
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && channel.size() == 0) {
                return Optional.of(new CountersFile(form.fill(channel), file, form));
            }
            ByteBuffer start = ByteBuffer.allocate(CountersLayout.HEADER);
            UnsafeBuffer header = new UnsafeBuffer(start);
            int read = channel.read(start, 0);
            long magic = header.getLong(CountersLayout.MAGIC_AT);
            if (magic == CountersLayout.BEGUN) { // its maker was killed
                return channel.size() > size
                        ? Optional.empty()
                        : Optional.of(new CountersFile(form.fill(channel), file, form));
            }
            if (read != CountersLayout.HEADER || magic != CountersLayout.MAGIC) {
                throw somethingElse(option, file);
            }
            if (channel.size() != size
                    || !CountersReading.isHeader(header)
                    || header.getInt(CountersLayout.CAPACITY_AT) != form.capacity()
                    || !form.program().equals(header.getStringAscii(CountersLayout.NAME_AT))) {
                return Optional.empty();
            }
            return Optional.of(new CountersFile(form.map(channel), file, form));
        } catch (IndexOutOfBoundsException _) {
            return Optional.empty(); // whoever wrote it was broken
        } catch (NoSuchFileException _) {
            return Optional.empty();
        } catch (FileSystemException e) {
            if (Files.exists(file) && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw somethingElse(option, file);
            }
            throw e;
        }
    }

    private static IllegalArgumentException somethingElse(String option, Path file) {
        return new IllegalArgumentException(option + "=" + file + ": something else is there, name a file that is new");
    }

    private static CountersFile anew(Path file, Form form) throws IOException {
        // a daemon that serves many may make none in its box; what is there nobody else maps, as its socket is locked
        if (!form.sparse() || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            try {
                return make(file, form);
            } catch (AccessDeniedException e) {
                if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
            }
        }
        try (FileChannel channel = FileChannel.open( // we may make none: what is there is ours
                file,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS)) {
            return new CountersFile(form.fill(channel), file, form);
        }
    }

    private static CountersFile make(Path file, Form form) throws IOException {
        Path fresh = file.resolveSibling(
                "." + file.getFileName() + "." + ProcessHandle.current().pid() + ".new");
        try (FileChannel channel = FileChannel.open(
                fresh,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS)) {
            CountersFile made = new CountersFile(form.fill(channel), fresh, form);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            return made;
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(fresh);
            throw e;
        }
    }

    /** What a file is to be. */
    private record Form(String program, int capacity, Clock clock, boolean sparse) {
        /** The values of so many take a page. */
        private static final int AT_ONCE = 4096 / CountersReader.COUNTER_LENGTH;

        int size() {
            return CountersLayout.size(capacity);
        }

        /** By way of a segment: for a buffer alone the JDK makes nine classes, by reflection. */
        ByteBuffer map(FileChannel channel) throws IOException {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, size(), Arena.ofAuto())
                    .asByteBuffer();
        }

        /** Written, not only made longer: no counter may find the file system full. Begun, until the magic says more. */
        ByteBuffer fill(FileChannel channel) throws IOException {
            ByteBuffer zeros = ByteBuffer.allocate(sparse ? CountersLayout.HEADER : size());
            UnsafeBuffer start = new UnsafeBuffer(zeros);
            start.putLong(CountersLayout.MAGIC_AT, CountersLayout.BEGUN);
            start.putInt(CountersLayout.EVER_AT, 1);
            write(channel, zeros, 0);
            if (sparse) {
                write(channel, ByteBuffer.allocate(1), size() - 1);
            }
            return map(channel);
        }

        /** Slots are written before they are used, some at once. */
        CounterSlots.Room room(Path file) throws IOException {
            if (!sparse) {
                return _ -> {};
            }
            FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            return id -> {
                if (id % AT_ONCE == 0) {
                    int slots = Math.min(AT_ONCE, capacity - id);
                    ByteBuffer metadata = ByteBuffer.allocate(CountersLayout.metadata(slots));
                    write(channel, metadata, CountersLayout.HEADER + CountersLayout.metadata(id));
                    ByteBuffer values = ByteBuffer.allocate(CountersLayout.values(slots));
                    int before = CountersLayout.metadata(capacity) + CountersLayout.values(id);
                    write(channel, values, CountersLayout.HEADER + before);
                }
            };
        }

        private static void write(FileChannel channel, ByteBuffer bytes, long at) throws IOException {
            while (bytes.hasRemaining()) {
                channel.write(bytes, at + bytes.position());
            }
        }
    }

    private CountersFile(ByteBuffer all, Path file, Form form) throws IOException {
        clock = form.clock();
        header = new UnsafeBuffer(all, 0, CountersLayout.HEADER);
        int metadata = CountersLayout.metadata(form.capacity());
        counters = Counters.of(new CounterSlots(
                header,
                new UnsafeBuffer(all, CountersLayout.HEADER, metadata),
                new UnsafeBuffer(all, CountersLayout.HEADER + metadata, CountersLayout.values(form.capacity())),
                form.room(file)));
        long pid = ProcessHandle.current().pid();
        header.putInt(CountersLayout.VERSION_AT, CountersLayout.VERSION);
        header.putInt(CountersLayout.CAPACITY_AT, form.capacity());
        header.putLong(CountersLayout.PID_AT, pid);
        header.putLong(
                CountersLayout.TICKS_AT,
                ProcessStat.of(pid).map(ProcessStat::ticks).orElse(0L));
        header.putLong(CountersLayout.STARTED_AT, clock.millis());
        header.putLong(CountersLayout.ENDED_AT, 0);
        header.putStringAscii(CountersLayout.NAME_AT, form.program());
        title("");
        header.putLongRelease(CountersLayout.MAGIC_AT, CountersLayout.MAGIC);
    }

    /** What the program says of itself: ASCII, of which the first 256 characters count. Before others may read it. */
    public void title(String text) {
        header.putStringAscii(
                CountersLayout.TITLE_AT, text.substring(0, Math.min(text.length(), CountersLayout.MAX_TITLE)));
    }

    /** What counts in it. */
    public Counters counters() {
        return counters;
    }

    /** Notes that the program has ended. The file stays. */
    @Override
    public void close() {
        header.putLongVolatile(CountersLayout.ENDED_AT, clock.millis());
    }
}
