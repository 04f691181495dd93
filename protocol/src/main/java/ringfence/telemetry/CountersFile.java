package ringfence.telemetry;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersManager;

/**
 * A program's counters in a file, for others to read. The file stays when the program has ended, with that noted in it.
 * Made and closed by one thread; the counters may be written until the end of the process, whatever has been closed.
 */
public final class CountersFile implements AutoCloseable {
    private final UnsafeBuffer header;
    private final Counters counters;
    private final Clock clock;

    /**
     * Makes the file, with all of its pages, and maps it. One that an earlier program has left is replaced, anything else
     * is left alone. Everybody who may enter the directory may read it.
     *
     * @param option its name, for messages
     * @param program who writes it, ASCII, at most 64 characters
     * @param capacity most counters, 1 to 2^20
     * @throws IllegalArgumentException with one line for the user
     */
    public static CountersFile create(String option, Path file, String program, int capacity, Clock clock) {
        if (program.length() > CountersLayout.MAX_NAME || capacity < 1 || capacity > CountersLayout.MAX_CAPACITY) {
            throw new IllegalArgumentException("program=" + program + " capacity=" + capacity);
        }
        try {
            if (Files.exists(file) && !isCounters(file)) {
                throw new IllegalArgumentException(
                        option + "=" + file + ": something else is there, name a file that is new");
            }
            return new CountersFile(file, program, capacity, clock);
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

    private CountersFile(Path file, String program, int capacity, Clock clock) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        Path fresh = Files.createTempFile(directory, ".counters", ".new");
        try {
            MappedByteBuffer all = map(fresh, CountersLayout.size(capacity));
            header = new UnsafeBuffer(all, 0, CountersLayout.HEADER);
            int metadata = CountersLayout.metadata(capacity);
            counters = Counters.of(new CountersManager(
                    new UnsafeBuffer(all, CountersLayout.HEADER, metadata),
                    new UnsafeBuffer(all, CountersLayout.HEADER + metadata, CountersLayout.values(capacity))));
            this.clock = clock;
            header.putInt(CountersLayout.VERSION_AT, CountersLayout.VERSION);
            header.putInt(CountersLayout.CAPACITY_AT, capacity);
            header.putLong(CountersLayout.PID_AT, ProcessHandle.current().pid());
            header.putLong(CountersLayout.STARTED_AT, clock.millis());
            header.putStringAscii(CountersLayout.NAME_AT, program);
            header.putLongRelease(CountersLayout.MAGIC_AT, CountersLayout.MAGIC);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(fresh);
            throw e;
        }
    }

    /** Written, not only made longer: no counter may find the file system full. */
    private static MappedByteBuffer map(Path file, int size) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer zeros = ByteBuffer.allocate(size);
            while (zeros.hasRemaining()) {
                channel.write(zeros);
            }
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, size);
        }
    }

    private static boolean isCounters(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer magic = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
            return channel.read(magic) == Long.BYTES && magic.getLong(0) == CountersLayout.MAGIC;
        }
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
